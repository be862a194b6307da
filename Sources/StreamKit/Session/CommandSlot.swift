import Synchronization

/// A command, or a batch of them, that waits for its replies.
///
/// Five words, because a shared connection moves one in and out of its queue for every command.
struct CommandSlot {
    typealias Waiter = UnsafeContinuation<Replies, any Error>
    typealias Orphan = @Sendable (Result<[Reply], StreamKitError>) -> Void

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
        let orphan: Orphan?
        /// Where the replies of a batch are collected.
        let batch: BatchReplies?
        /// Whether more of the batch is to come, so that nobody waits for this alone.
        let isPart: Bool
        private var missing: Int

        init(replyCount: Int, orphan: Orphan?, batch: BatchReplies? = nil, isPart: Bool = false) {
            self.orphan = orphan
            self.isPart = isPart
            self.batch = batch ?? (replyCount > 1 ? BatchReplies(expecting: replyCount) : nil)
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

    var isPart: Bool { extra?.isPart ?? false }
    /// Why the batch that it belongs to is incomplete.
    var batchFailure: StreamKitError? { extra?.batch?.failure }

    func finish(_ outcome: Result<Replies, StreamKitError>) {
        if case .failure(let error) = outcome { extra?.batch?.fail(error) }
        if let waiter {
            waiter.resume(with: outcome.mapError { $0 as any Error })
        } else if let orphan = extra?.orphan {
            orphan(outcome.map(\.all))
        }
    }

    func finish(with reply: Reply) {
        let replies = if let batch = extra?.batch { Replies.batch(batch) } else { Replies.one(reply) }
        if let waiter { waiter.resume(returning: replies) } else { finish(.success(replies)) }
    }
}

/// The replies to a batch, which may be sent in several parts.
///
/// Safety: all but the failure is guarded by the lock of the connection until the last one has come.
final class BatchReplies: @unchecked Sendable {
    /// Every reply as a success, an error too: without errors, that is what the caller gets.
    private(set) var results: [Result<Reply, StreamKitError>] = []
    private(set) var hasErrors = false
    private let failed = Mutex<StreamKitError?>(nil)

    init(expecting count: Int) {
        results.reserveCapacity(count)
    }

    var replies: [Reply] { results.compactMap { try? $0.get() } }

    func append(_ storage: ReplyStorage, _ roots: ArraySlice<Int>) {
        for root in roots where storage.token(root).kind == .error { hasErrors = true }
        results.append(contentsOf: roots.lazy.map { .success(Reply(storage: storage, index: $0)) })
    }

    /// Why a part of it has no replies.
    var failure: StreamKitError? { failed.withLock { $0 } }

    func fail(_ error: StreamKitError) {
        failed.withLock { if $0 == nil { $0 = error } }
    }
}

/// The answer to a command or a batch: nearly always one reply, which then needs no array.
enum Replies: Sendable {
    case one(Reply)
    case batch(BatchReplies)
    /// Nothing was sent: too many bytes are in flight.
    case noRoom

    /// What ``Redis/pipeline(_:)`` returns, as long as ``hasErrors`` is false.
    var results: [Result<Reply, StreamKitError>] {
        switch self {
        case .one(let reply): [.success(reply)]
        case .batch(let batch): batch.results
        case .noRoom: []
        }
    }

    var hasErrors: Bool {
        switch self {
        case .one(let reply): reply.kind == .error
        case .batch(let batch): batch.hasErrors
        case .noRoom: false
        }
    }

    var all: [Reply] {
        switch self {
        case .one(let reply): [reply]
        case .batch(let batch): batch.replies
        case .noRoom: []
        }
    }

    /// The reply to a single command.
    func single() throws -> Reply {
        switch self {
        case .one(let reply): return reply
        case .batch, .noRoom: throw StreamKitError.unexpectedReply("A command was answered with nothing.")
        }
    }
}
