import Foundation
import StreamKit

/// The directory of a private server.
enum PrivateDirectory {
    static let socketName = "redis.sock"

    /// Creates a directory that only this user may enter, in `TMPDIR` or, if that is too long for a socket, in `/tmp`.
    static func make() throws -> String {
        let asked = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let name = "streamkit-XXXXXX"
        let length = "\(asked)/\(name)/\(socketName)".utf8.count
        let parent = asked.hasPrefix("/") && length < LocalSocket.pathCapacity ? asked : "/tmp"
        var template = Array("\(parent)/\(name)".utf8CString)
        guard let path = mkdtemp(&template) else {
            let reason = String(cString: strerror(errno))
            throw StreamKitError.cannotConnect("No directory for a private Redis in \(parent): \(reason). Set TMPDIR.")
        }
        return String(cString: path)
    }
}
