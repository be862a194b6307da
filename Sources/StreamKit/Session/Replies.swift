/// The answer to a command or a batch: nearly always one reply, which then needs no array.
enum Replies: Sendable {
    case one(Reply)
    case batch(BatchReplies)
    /// Nothing was sent yet, because too many bytes were in flight; now this caller may send.
    case admitted

    /// Each reply as a success, even an error.
    var results: [Result<Reply, StreamKitError>] {
        switch self {
        case .one(let reply): [.success(reply)]
        case .batch(let batch): batch.results
        case .admitted: []
        }
    }

    var all: [Reply] { results.compactMap { try? $0.get() } }

    var hasErrors: Bool {
        switch self {
        case .one(let reply): reply.kind == .error
        case .batch(let batch): batch.hasErrors
        case .admitted: false
        }
    }

    /// The reply to a single command.
    func single() throws -> Reply {
        guard case .one(let reply) = self else {
            throw StreamKitError.unexpectedReply("A command was answered with nothing.")
        }
        return reply
    }
}

/// The replies to a batch.
///
/// Safety: guarded by the session's lock until the last reply has come; nobody changes it after that.
final class BatchReplies: @unchecked Sendable {
    /// If there are no errors, this is what the caller gets.
    private(set) var results: [Result<Reply, StreamKitError>] = []
    private(set) var hasErrors = false
    private var missing: Int

    init(expecting count: Int) {
        missing = count
        results.reserveCapacity(count)
    }

    var isComplete: Bool { missing == 0 }

    /// Takes as many replies as are missing; returns how many it took.
    func take(_ roots: ArraySlice<Int>, of storage: ReplyStorage) -> Int {
        let mine = roots.prefix(missing)
        for root in mine where storage.token(root).kind == .error { hasErrors = true }
        results.append(contentsOf: mine.lazy.map { .success(Reply(storage: storage, index: $0)) })
        missing -= mine.count
        return mine.count
    }
}
