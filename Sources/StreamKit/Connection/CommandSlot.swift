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
        /// How many replies will come.
        let replyCount: Int
        /// Receives the outcome when no task waits for it any more.
        let orphan: Orphan?
        /// Where the replies of a batch are collected.
        let batch: BatchReplies?
        /// Whether more of the batch is to come, so that nobody waits for this alone.
        let isPart: Bool
        private var missing: Int

        init?(replyCount: Int, orphan: Orphan?, batch: BatchReplies? = nil, isPart: Bool = false) {
            if replyCount == 1, orphan == nil, batch == nil { return nil }
            self.replyCount = replyCount
            self.orphan = orphan
            self.isPart = isPart
            self.batch = batch ?? (replyCount > 1 ? BatchReplies(expecting: replyCount) : nil)
            missing = replyCount
        }

        /// Takes in one more reply; whether it was the last.
        func isComplete(with reply: Reply) -> Bool {
            batch?.replies.append(reply)
            missing -= 1
            return missing == 0
        }
    }

    var isPart: Bool { extra?.isPart ?? false }

    func finish(_ outcome: Result<Replies, StreamKitError>) {
        if case .failure(let error) = outcome { extra?.batch?.fail(error) }
        if let waiter {
            waiter.resume(with: outcome.mapError { $0 as any Error })
        } else if let orphan = extra?.orphan {
            orphan(outcome.map(\.all))
        }
    }

    func finish(with reply: Reply) {
        let replies = if let batch = extra?.batch { Replies.many(batch.replies) } else { Replies.one(reply) }
        if let waiter { waiter.resume(returning: replies) } else { finish(.success(replies)) }
    }
}

/// The replies to a batch, which may be sent in several parts.
///
/// Safety: `replies` is guarded by the lock of the connection until the last one has come.
final class BatchReplies: @unchecked Sendable {
    var replies: [Reply] = []
    private let failed = Mutex<StreamKitError?>(nil)

    init(expecting count: Int) {
        replies.reserveCapacity(count)
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
    case many([Reply])
    /// Nothing was sent: too many bytes are in flight.
    case noRoom

    var all: [Reply] {
        switch self {
        case .one(let reply): [reply]
        case .many(let replies): replies
        case .noRoom: []
        }
    }

    /// The reply to a single command.
    func single() throws -> Reply {
        switch self {
        case .one(let reply): return reply
        case .many(let replies) where !replies.isEmpty: return replies[0]
        case .many, .noRoom: throw StreamKitError.unexpectedReply("A command was answered with nothing.")
        }
    }
}
