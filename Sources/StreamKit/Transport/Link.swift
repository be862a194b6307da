import CHiredis
import Foundation
import Synchronization

/// A connected, non-blocking socket, opened by hiredis, and what turns its bytes into replies.
///
/// Safety: `parser` and `inbox` belong to the reader, of which there is one at a time: first the greeting, then the
/// one that set `SessionState.isReading`. There is one writer at a time, too: `SessionState.isWriting`. The hiredis
/// context is used only by `Connector`, before anybody else has the link, and by `deinit`.
final class Link: @unchecked Sendable {
    let descriptor: Int32
    private let context: UnsafeMutablePointer<redisContext>
    #if TLS
    /// The encryption; `Connector` sets it before anybody else has the link.
    var tls: TLSSession?
    #endif
    /// What the server calls this connection, if it says.
    var identity: ClientIdentity?
    /// What the server said it can do, once it was asked.
    let capabilities = Mutex<ServerCapabilities?>(nil)
    /// The attempt to connect that opened it.
    var attempt: UInt64 = 0
    let parser = ReplyParser()
    private let inbox = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 16)

    /// Takes over what hiredis opened, or failed to open, and frees it in the end.
    init(_ context: UnsafeMutablePointer<redisContext>) {
        self.context = context
        descriptor = context.pointee.fd
    }

    deinit {
        redisFree(context)
        inbox.deallocate()
    }

    /// Why hiredis could not connect it.
    var problem: String? {
        guard context.pointee.err != 0 else { return nil }
        return withUnsafeBytes(of: &context.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    enum Outcome {
        case nothing
        /// Replies came; `parser.roots` says where they begin.
        case replies(ReplyStorage)
        case broke(String)
        case unreadable(StreamKitError)
    }

    /// Reads what is there, without waiting.
    func read() -> Outcome {
        switch receive() {
        case .wouldBlock: return .nothing
        case .failed(let reason):
            return .broke(reason)
        case .bytes(let count):
            do {
                let storage = try parser.parse(UnsafeRawBufferPointer(rebasing: inbox[..<count]))
                return storage.map { .replies($0) } ?? .nothing
            } catch {
                return .unreadable(error as? StreamKitError ?? .unexpectedReply("\(error)"))
            }
        }
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

    private func receive() -> Transfer {
        #if TLS
        if let tls { return tls.read(into: inbox) }
        #endif
        let result = Self.transfer(recv(descriptor, inbox.baseAddress, inbox.count, 0))
        if case .bytes(0) = result { return .failed("the server closed the connection") }
        return result
    }

    private static func transfer(_ result: Int) -> Transfer {
        if result >= 0 { return .bytes(result) }
        let reason = errno
        return reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR
            ? .wouldBlock : .failed(String(cString: strerror(reason)))
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
