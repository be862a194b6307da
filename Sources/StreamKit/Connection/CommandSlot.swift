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

    /// Safety: guarded by the lock of the connection whose queue holds the slot; `replyCount` and `orphan`
    /// never change.
    final class Extra: @unchecked Sendable {
        /// How many replies will come.
        let replyCount: Int
        /// Receives the outcome when no task waits for it any more.
        let orphan: Orphan?
        /// The replies that came so far, when more than one is expected.
        var replies: [Reply] = []

        init?(replyCount: Int, orphan: Orphan?) {
            if replyCount == 1, orphan == nil { return nil }
            self.replyCount = replyCount
            self.orphan = orphan
            if replyCount > 1 { replies.reserveCapacity(replyCount) }
        }

        /// Takes in one more reply; whether it was the last.
        func isComplete(with reply: Reply) -> Bool {
            replies.append(reply)
            return replies.count == replyCount
        }
    }

    func finish(_ outcome: Result<Replies, StreamKitError>) {
        if let waiter {
            waiter.resume(with: outcome.mapError { $0 as any Error })
        } else if let orphan = extra?.orphan {
            orphan(outcome.map(\.all))
        }
    }

    func finish(with reply: Reply) {
        let replies = if let extra, extra.replyCount > 1 { Replies.many(extra.replies) } else { Replies.one(reply) }
        if let waiter { waiter.resume(returning: replies) } else { finish(.success(replies)) }
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
