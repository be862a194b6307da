#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Foundation
import Glibc
#elseif canImport(Musl)
import Foundation
import Musl
#endif

/// The condition that was waited for did not become true.
public struct NotInTime: Error, CustomStringConvertible {
    /// What was waited for, and for how long.
    public let description: String
}

/// Checks a condition again and again until it holds, and throws if it does not in time.
///
/// Use it for what another process or task does in its own time. The limit is generous: a test that passes
/// never reaches it.
public func eventually(
    _ expectation: String = "the condition holds", within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw NotInTime(description: "Not within \(limit): \(expectation)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether a process still runs; a dead one that nobody has reaped does not.
public func isRunning(_ id: Int32) -> Bool {
    guard kill(id, 0) == 0 else { return false }
    #if canImport(Darwin)
    return true
    #else
    guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return false }
    let afterName = status.split(separator: ")").last ?? ""
    return !afterName.hasPrefix(" Z")
    #endif
}
