/// The answer to a command or a batch: nearly always one reply, which then needs no array.
enum Replies: Sendable {
    case one(Reply)
    case batch(BatchReplies)
    /// Nothing was sent yet, because too many bytes were in flight; now this caller may send.
    case admitted

    /// What ``Redis/pipeline(_:)`` returns, as long as ``hasErrors`` is false.
    var results: [Result<Reply, StreamKitError>] {
        switch self {
        case .one(let reply): [.success(reply)]
        case .batch(let batch): batch.results
        case .admitted: []
        }
    }

    var hasErrors: Bool {
        switch self {
        case .one(let reply): reply.kind == .error
        case .batch(let batch): batch.hasErrors
        case .admitted: false
        }
    }

    var all: [Reply] {
        switch self {
        case .one(let reply): [reply]
        case .batch(let batch): batch.replies
        case .admitted: []
        }
    }

    /// The reply to a single command.
    func single() throws -> Reply {
        switch self {
        case .one(let reply): return reply
        case .batch, .admitted: throw StreamKitError.unexpectedReply("A command was answered with nothing.")
        }
    }
}

/// The replies to a batch.
///
/// Safety: guarded by the session's lock until the last reply has come; nobody changes it after that.
final class BatchReplies: @unchecked Sendable {
    /// Every reply as a success, even an error; if there are no errors, this is what the caller gets.
    private(set) var results: [Result<Reply, StreamKitError>] = []
    private(set) var hasErrors = false

    init(expecting count: Int) {
        results.reserveCapacity(count)
    }

    var replies: [Reply] { results.compactMap { try? $0.get() } }

    func append(_ storage: ReplyStorage, _ roots: ArraySlice<Int>) {
        for root in roots where storage.token(root).kind == .error { hasErrors = true }
        results.append(contentsOf: roots.lazy.map { .success(Reply(storage: storage, index: $0)) })
    }
}
