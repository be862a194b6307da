/// A command, or a batch of them, that waits for its replies.
///
/// Five words, because a shared connection moves one in and out of its queue for every command.
struct CommandSlot {
    typealias Waiter = UnsafeContinuation<Replies, any Error>
    typealias LateReplyHandler = @Sendable (Result<[Reply], StreamKitError>) -> Void

    /// Tells this command from all others of the process, so that a cancelled task can find it.
    let ticket: UInt64
    /// Where its bytes begin in everything this connection ever sent.
    var start: UInt64 = 0
    /// When to stop waiting, in nanoseconds of the monotonic clock.
    var deadline: UInt64
    /// The task that waits; `nil` once it was cancelled or timed out.
    var waiter: Waiter?
    /// What only few commands need: more than one reply, or somebody to take a late one.
    let extra: Extra?

    /// Safety: guarded by the lock of the connection whose queue holds the slot; the constants never change.
    final class Extra: @unchecked Sendable {
        /// Receives the outcome when no task waits for it any more.
        let lateReplyHandler: LateReplyHandler?
        /// Where the replies of a batch are collected.
        let batch: BatchReplies?
        private var missing: Int

        init(replyCount: Int, lateReplyHandler: LateReplyHandler?) {
            self.lateReplyHandler = lateReplyHandler
            batch = replyCount > 1 ? BatchReplies(expecting: replyCount) : nil
            missing = replyCount
        }

        /// Takes replies of a batch, as many as are missing; returns how many it took.
        func take(_ roots: ArraySlice<Int>, of storage: ReplyStorage) -> Int {
            let mine = roots.prefix(missing)
            batch?.append(storage, mine)
            missing -= mine.count
            return mine.count
        }

        var isComplete: Bool { missing == 0 }
    }

    func finish(_ outcome: Result<Replies, StreamKitError>) {
        if let waiter {
            waiter.resume(with: outcome.mapError { $0 as any Error })
        } else if let handler = extra?.lateReplyHandler {
            handler(outcome.map(\.all))
        }
    }

    func finish(with reply: Reply) {
        let replies = if let batch = extra?.batch { Replies.batch(batch) } else { Replies.one(reply) }
        if let waiter { waiter.resume(returning: replies) } else { finish(.success(replies)) }
    }
}

/// The replies to a batch.
///
/// Safety: guarded by the lock of the connection until the last one has come; nobody changes it from then on.
final class BatchReplies: @unchecked Sendable {
    /// Every reply as a success, an error too: without errors, that is what the caller gets.
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

/// The answer to a command or a batch: nearly always one reply, which then needs no array.
enum Replies: Sendable {
    case one(Reply)
    case batch(BatchReplies)
    /// Nothing was sent yet, because too many bytes were in flight; now it is this caller's turn.
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
