// What an address and its certificates must not contain.

import Foundation

extension RedisConfiguration {
    /// Refuses what the system's functions would cut off or misread on the way to the server.
    ///
    /// Host, path and certificates go to them as C strings, which end at the first zero byte. User, password and
    /// client name may hold zeros, because they are sent with their length.
    ///
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that says which part is wrong, and why.
    func validate() throws(StreamKitError) {
        switch endpoint {
        case .tcp(let host, let port):
            try Self.requireNoZero(host, "host name")
            guard !host.isEmpty else { throw .invalidInput("The address of Redis has no host name.") }
            guard (1...65_535).contains(port) else {
                throw .invalidInput("\(self): the port is not a number from 1 to 65535.")
            }
        case .unix(let path):
            try Self.requireNoZero(path, "path of the unix socket")
            let longest = Self.longestSocketPath
            guard path.utf8.count <= longest else {
                throw .invalidInput(
                    "The path of the unix socket is too long: it has \(path.utf8.count) bytes, and this system takes "
                        + "\(longest) at most. Choose a shorter folder (for a private server: TMPDIR). It is \(path)")
            }
        }
        guard usesTLS else { return }
        try Self.requireNoZero(tls.serverName, "server name (sni)")
        for file in [tls.authorityFile, tls.authorityDirectory, tls.certificateFile, tls.keyFile] {
            try Self.requireNoZero(file, "path of a certificate or key")
        }
    }

    /// How many bytes the path of a unix socket may have: 107 on Linux, 103 on macOS.
    static var longestSocketPath: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1 }

    private static func requireNoZero(_ text: String?, _ part: String) throws(StreamKitError) {
        guard text?.utf8.contains(0) == true else { return }
        throw .invalidInput("The \(part) contains a zero byte, which the system does not allow there.")
    }
}
