import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Plain blocking sockets on 127.0.0.1.
enum LoopbackSocket {
    /// A listener on a free port of 127.0.0.1.
    static func listen() throws -> (descriptor: Int32, port: Int) {
        let listener = socket(AF_INET, streamSocket, 0)
        prepare(listener)
        var address = loopback(port: 0)
        let isBound = withSocketAddress(of: &address) { bind(listener, $0, $1) == 0 }
        guard isBound, systemListen(listener, 128) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        var bound = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withSocketAddress(of: &bound) { pointer, _ in
            getsockname(listener, UnsafeMutablePointer(mutating: pointer), &size) == 0
        }
        guard isNamed else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return (listener, Int(in_port_t(bigEndian: bound.sin_port)))
    }

    /// A connection to a port of 127.0.0.1; nil if nobody listens there.
    static func connect(to port: Int) -> Int32? {
        let connection = socket(AF_INET, streamSocket, 0)
        guard connection >= 0 else { return nil }
        prepare(connection)
        var address = loopback(port: port)
        if withSocketAddress(of: &address, { systemConnect(connection, $0, $1) == 0 }) { return connection }
        close(connection)
        return nil
    }

    /// Keeps the descriptor from child processes, its bytes from waiting, and macOS from raising SIGPIPE.
    static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size)
        #if canImport(Darwin)
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, size)
        #endif
    }

    /// Sends it all, or says that the other side is gone.
    static func sendAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        #if canImport(Darwin)
        let quietly: Int32 = 0
        #else
        let quietly = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, quietly) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    static func shutDown(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    static func close(_ descriptor: Int32) {
        _ = systemClose(descriptor)
    }
}

#if canImport(Glibc)
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
private let streamSocket = SOCK_STREAM
#endif

// Inside the type these names mean its own functions.
private let systemListen = listen
private let systemConnect = connect
private let systemClose = close

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

private func withSocketAddress<R>(
    of address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
) -> R {
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body(UnsafePointer($0), socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
