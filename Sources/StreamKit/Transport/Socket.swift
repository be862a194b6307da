import CHiredis
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One connected, non-blocking socket, opened and greeted by hiredis.
///
/// Safety: the hiredis context is used only by `Connector` before the socket is handed over, and by
/// `deinit`. Between the two only `read` and `write` touch the file descriptor, from one thread each.
final class Socket: @unchecked Sendable {
    let descriptor: Int32
    /// What the server calls this connection: the answer to CLIENT ID.
    let clientID: Int
    /// What the server said it can do, once it was asked.
    let capabilities = Mutex<ServerCapabilities?>(nil)
    private let context: UnsafeMutablePointer<redisContext>

    #if TLS
    private var tls: TLSSession?

    convenience init(
        context: UnsafeMutablePointer<redisContext>, _ greeting: Connector.Greeting, tls: TLSSession?
    ) {
        self.init(context: context, greeting)
        self.tls = tls
    }
    #endif

    init(context: UnsafeMutablePointer<redisContext>, _ greeting: Connector.Greeting) {
        self.context = context
        clientID = greeting.clientID
        descriptor = context.pointee.fd
    }

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
