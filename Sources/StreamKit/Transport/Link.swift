import Synchronization

/// A connected socket, and what turns its bytes into replies.
///
/// Safety: `parser` and `inbox` belong to the reader, of which there is one at a time: first the greeting, then the
/// one that set `SessionState.isReading`.
final class Link: @unchecked Sendable {
    let socket: Socket
    /// What the server calls this connection, if it says.
    var identity: ClientIdentity?
    /// What the server said it can do, once it was asked.
    let capabilities = Mutex<ServerCapabilities?>(nil)
    /// The attempt to connect that opened it.
    var attempt: UInt64 = 0
    let parser: ReplyParser
    private let inbox: UnsafeMutableRawBufferPointer

    init(_ socket: Socket) {
        self.socket = socket
        parser = ReplyParser()
        inbox = .allocate(byteCount: 32 << 10, alignment: 16)
    }

    deinit {
        inbox.deallocate()
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
        switch socket.read(into: inbox) {
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
}
