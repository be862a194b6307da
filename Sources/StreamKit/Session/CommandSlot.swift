import Synchronization

/// A command, or a batch of them, that waits for its replies.
///
/// It is small, because a shared connection moves one in and out of its queue for every command.
struct CommandSlot {
    typealias Waiter = UnsafeContinuation<Replies, any Error>

    /// Tells this command from all others of the process, so that a cancelled task can find it.
    let ticket: UInt64
    /// Where its bytes begin in everything this connection ever sent.
    var start: UInt64 = 0
    /// When to stop waiting, in nanoseconds of the monotonic clock.
    let deadline: UInt64
    /// The task that waits: the state machine hands it on and never looks at it.
    let waiter: Waiter?
    /// Where the replies of a batch are collected; `nil` for a single command.
    let batch: BatchReplies?
    /// Whether its task still waits.
    var isAwaited = true
}

/// Numbers that no two commands or sessions of the process share.
enum Tickets {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
