import ArgumentParser
import Foundation

/// What a program found out: figures, and promises that were kept or broken.
struct Verdict {
    private var broken: [String] = []

    /// Prints one figure.
    func figure(_ name: String, _ value: some CustomStringConvertible) {
        let dots = String(repeating: ".", count: max(2, 44 - name.count))
        say("  \(name) \(dots) \(value)")
    }

    /// Notes a promise; a broken one makes the program fail.
    mutating func check(_ isKept: Bool, _ promise: String) {
        say("  \(isKept ? "kept  " : "BROKEN") \(promise)")
        if !isKept { broken.append(promise) }
    }

    /// Says PASS, or says FAIL and ends the program with exit code 1.
    func conclude() throws {
        say(broken.isEmpty ? "PASS" : "FAIL: \(broken.joined(separator: "; "))")
        if !broken.isEmpty { throw ExitCode.failure }
    }
}

/// Prints a line at once, even if the output goes into a file.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// The program took longer than its limit, and would otherwise wait forever.
struct TookTooLong: Error, CustomStringConvertible {
    let limit: Duration
    var description: String { "FAIL: not done after \(limit)" }
}

/// Runs the body, and throws if it takes longer than the limit.
func within<R: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async throws -> R) async throws -> R {
    try await withThrowingTaskGroup { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TookTooLong(limit: limit)
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw TookTooLong(limit: limit) }
        return first
    }
}

/// Checks again and again until it holds, or throws when it takes too long.
func eventually(_ limit: Duration = .seconds(30), _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw TookTooLong(limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
