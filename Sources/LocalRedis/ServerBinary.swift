import Foundation
import StreamKit

/// Finds the program of a private server.
enum ServerBinary {
    /// Names looked for on the `PATH`, the preferred one first; Valkey understands the same options.
    static let names = ["redis-server", "valkey-server"]

    static func find(
        asked: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String {
        let chosen = asked ?? environment["REDIS_SERVER_BINARY"].flatMap { $0.isEmpty ? nil : $0 }
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        for name in chosen.map({ [$0] }) ?? names {
            let candidates = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
            if let path = candidates.first(where: isExecutable) { return path }
        }
        throw StreamKitError.cannotConnect(notFound(chosen))
    }

    private static func isExecutable(_ path: String) -> Bool {
        // For the system a path ends at its first zero byte, so this would look at another file.
        guard !path.utf8.contains(0) else { return false }
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && !isDirectory.boolValue && access(path, X_OK) == 0
    }

    private static func notFound(_ chosen: String?) -> String {
        if let chosen {
            return "No program \(chosen) to start a private Redis with. "
                + "Correct the path (REDIS_SERVER_BINARY names it), or leave it out to search the PATH."
        }
        return """
            No redis-server on the PATH, so no private Redis can be started. Install it: \
            apt-get install redis-server (Debian, Ubuntu), dnf install redis (Fedora), \
            apk add redis (Alpine), brew install redis (macOS). \
            Or say where it is in REDIS_SERVER_BINARY, or name a running one in REDIS_URL.
            """
    }
}
