public import Logging

/// How a task queue treats its tasks: leases, retries and limits.
///
/// All workers of one queue should use the same options; the ones that matter for an attempt are
/// those of the worker that makes it.
public struct TaskQueueOptions: Sendable {
    /// How long a task stays with a worker that has stopped renewing it.
    ///
    /// Workers renew at least three times per lease, so a live worker keeps a task for as long as it needs. A dead worker's task
    /// is free again after this and ``sweepInterval``, and then goes before all others.
    public var lease: Duration = .seconds(15)
    /// How many attempts may fail before the task goes to the dead letters.
    ///
    /// Attempts that were handed back and attempts whose worker died do not count.
    public var maximumAttempts: Int = 5
    /// How many workers may die over a task before it goes to the dead letters.
    ///
    /// ``QueuedTask/madeProgress()`` starts the count again.
    public var maximumWorkerDeaths: Int = 20
    /// How long a failed task waits before its next attempt.
    public var backoff: RetryBackoff = .init()
    /// How long one attempt may take; `nil` for as long as it likes.
    ///
    /// Within half a second after that the attempt is cancelled and fails, even if its handler ignores it.
    public var attemptTimeout: Duration?
    /// How long running tasks may go on after `work` was cancelled, before they are cancelled and handed back.
    public var shutdownGrace: Duration = .seconds(2)
    /// How often each worker looks for retries that are due and for tasks of dead workers, however busy it is.
    public var sweepInterval: Duration = .seconds(1)
    /// How many dead letters are kept; the oldest are dropped first.
    public var maximumDeadLetters: Int = 1_000
    /// How long dead letters are kept.
    public var deadLetterRetention: Duration = .seconds(14 * 86_400)
    /// How many recorded results are kept; the oldest are dropped first.
    public var maximumResults: Int = 10_000
    /// How long recorded results are kept.
    public var resultRetention: Duration = .seconds(3_600)
    /// How many bytes of JSON a payload may have.
    public var maximumPayloadBytes: Int = 1 << 20
    /// How long an idempotency key is remembered.
    public var idempotencyWindow: Duration = .seconds(86_400)
    /// Receives what a worker does, one event per step of a task; see ``TaskQueueEvent``.
    ///
    /// It is called on the worker's own tasks, so it must return quickly.
    public var onEvent: (@Sendable (TaskQueueEvent) -> Void)?
    /// Where workers report retries, dead letters and lost connections.
    public var logger = Logger(label: "streamkit.queue", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Options that suit tasks of seconds to hours on a healthy network.
    public init() {}
}
