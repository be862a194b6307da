import Synchronization

/// A command, or a batch of them, that waits for its replies.
///
/// It is small, because a shared connection moves one in and out of its queue for every command.
struct CommandSlot {
    typealias Waiter = UnsafeContinuation<Replies, any Error>
    /// Receives the outcome of a command whose task no longer waits: it was cancelled, or ran out of time.
    typealias LateReplyHandler = @Sendable (Result<[Reply], StreamKitError>) -> Void

    /// Tells this command from all others of the process, so that a cancelled task can find it.
    let ticket: UInt64
    /// Where its bytes begin in everything this connection ever sent.
    var start: UInt64 = 0
    /// When to stop waiting, in nanoseconds of the monotonic clock.
    var deadline: UInt64
    /// The task that waits: the state machine hands it on and never looks at it.
    let waiter: Waiter?
    /// What only few commands need: more than one reply, or a late-reply handler.
    let extra: Extra?
    /// Whether its task still waits.
    var isAwaited = true

    /// Safety: guarded by the lock of the session whose queue holds the slot; the constants never change.
    final class Extra: @unchecked Sendable {
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

    /// The same command, once its task has stopped waiting.
    var abandoned: CommandSlot {
        var slot = self
        slot.isAwaited = false
        return slot
    }
}

/// Numbers that no two commands or sessions of the process share.
enum Tickets {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
