import CHiredis
import Foundation

/// One connected, non-blocking socket, opened by hiredis.
///
/// Safety: the hiredis context is used only by `Connector`, before there is a socket, and by `deinit`. Between the
/// two only `read` and `write` touch the file descriptor, from one thread each.
final class Socket: @unchecked Sendable {
    let descriptor: Int32
    private let context: UnsafeMutablePointer<redisContext>

    #if TLS
    private let tls: TLSSession?

    init(context: UnsafeMutablePointer<redisContext>, tls: TLSSession?) {
        self.context = context
        self.tls = tls
        descriptor = context.pointee.fd
    }
    #else
    init(context: UnsafeMutablePointer<redisContext>) {
        self.context = context
        descriptor = context.pointee.fd
    }
    #endif

    deinit {
        redisFree(context)
    }

    enum Transfer {
        case bytes(Int)
        case wouldBlock
        case failed(String)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        #if TLS
        if let tls { return tls.write(bytes) }
        #endif
        #if os(Linux)
        let flags = Int32(MSG_NOSIGNAL.rawValue)
        #else
        let flags: Int32 = 0
        #endif
        return Self.transfer(send(descriptor, bytes.baseAddress, bytes.count, flags))
    }

    func read(into memory: UnsafeMutableRawBufferPointer) -> Transfer {
        #if TLS
        if let tls { return tls.read(into: memory) }
        #endif
        let result = Self.transfer(recv(descriptor, memory.baseAddress, memory.count, 0))
        if case .bytes(0) = result { return .failed("the server closed the connection") }
        return result
    }

    /// Waits until there is something to read, or room to write, for the greeting; false if the time is over.
    func wait(toWrite: Bool, until deadline: UInt64) -> Bool {
        let now = MonotonicClock.now()
        guard now < deadline else { return false }
        var wanted = pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return poll(&wanted, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1)) != 0
    }

    /// Ends the connection for both sides; the descriptor stays ours until `deinit`.
    func shutDown() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func transfer(_ result: Int) -> Transfer {
        if result >= 0 { return .bytes(result) }
        let reason = errno
        return reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR
            ? .wouldBlock : .failed(String(cString: strerror(reason)))
    }
}

#if os(Linux)
extension Int32 {
    /// Glibc imports MSG_NOSIGNAL as a plain number on some systems and as an enumeration on others.
    fileprivate var rawValue: Int32 { self }
}
extension Int {
    fileprivate var rawValue: Int { self }
}
#endif
