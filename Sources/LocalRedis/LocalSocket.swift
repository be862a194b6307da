import Foundation
import StreamKit

/// The few socket calls that starting a private server needs.
enum LocalSocket {
    #if canImport(Glibc)
    static let stream = Int32(SOCK_STREAM.rawValue)
    #else
    static let stream = SOCK_STREAM
    #endif

    enum Answer: Equatable {
        case none, loading, ready
    }

    /// Bytes for the path of a unix socket and the zero after it: 108 on Linux, 104 on macOS.
    static let pathCapacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    /// Asks the server behind a unix socket whether it is there yet; blocks for two seconds at most.
    ///
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if no unix socket can have that path.
    static func ping(_ path: String) throws -> Answer {
        guard path.utf8.count < pathCapacity, !path.utf8.contains(0) else {
            throw StreamKitError.invalidInput(
                "A unix socket's path has at most \(pathCapacity - 1) bytes, none of them zero. Set a shorter TMPDIR.")
        }
        let connection = socket(AF_UNIX, stream, 0)
        guard connection >= 0 else { return .none }
        defer { close(connection) }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        guard connects(connection, to: path) else { return .none }
        // A server that is full hangs up at once, which must not raise SIGPIPE here.
        guard sendQuietly(connection, "PING\r\n") else { return .none }
        var readable = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        guard poll(&readable, 1, 2_000) == 1 else { return .none }
        var reply = [UInt8](repeating: 0, count: 64)
        let count = recv(connection, &reply, reply.count, 0)
        guard count > 0 else { return .none }
        // Any other answer, such as NOAUTH, comes from a server that is up.
        return reply.starts(with: "-LOADING".utf8) ? .loading : .ready
    }

    private static func sendQuietly(_ connection: Int32, _ text: String) -> Bool {
        #if canImport(Darwin)
        var yes: Int32 = 1
        setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        let flags: Int32 = 0
        #else
        let flags = Int32(MSG_NOSIGNAL)
        #endif
        return send(connection, text, text.utf8.count, flags) == text.utf8.count
    }

    private static func connects(_ connection: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withSocketAddress(of: &address) { connect(connection, $0, $1) == 0 }
    }

    /// A port of 127.0.0.1 that nobody listens on at this moment.
    ///
    /// Below the range the kernel takes outgoing ports from. A port inside it may be taken while the
    /// server is down, and a client that retries it may even connect to itself.
    static func freePort() -> Int? {
        (0..<100).lazy.map { _ in Int.random(in: 12_000..<32_000) }.first(where: isFree)
    }

    private static func isFree(_ port: Int) -> Bool {
        let listener = socket(AF_INET, stream, 0)
        guard listener >= 0 else { return false }
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withSocketAddress(of: &address) { bind(listener, $0, $1) == 0 }
    }

    private static func withSocketAddress<Address, R>(
        of address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
