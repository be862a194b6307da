/// A command, or a batch of them, that waits for its replies.
struct CommandSlot {
    typealias Waiter = UnsafeContinuation<[Reply], any Error>

    /// Tells this command from all others of the process, so that a cancelled task can find it.
    let ticket: UInt64
    /// How many replies will come.
    let replyCount: Int
    /// Where its bytes begin in everything this connection ever sent.
    var start: UInt64 = 0
    /// When to stop waiting, in nanoseconds of the monotonic clock.
    var deadline: UInt64
    /// The task that waits; `nil` once it was cancelled or timed out.
    var waiter: Waiter?
    /// Receives the outcome when no task waits for it any more.
    let orphan: (@Sendable (Result<[Reply], StreamKitError>) -> Void)?
    /// The replies that came so far, when more than one is expected.
    var replies: [Reply] = []

    func finish(_ outcome: Result<[Reply], StreamKitError>) {
        if let waiter {
            waiter.resume(with: outcome.mapError { $0 as any Error })
        } else {
            orphan?(outcome)
        }
    }
}
