import Synchronization

/// The handlers that run in one worker, and what befell them.
///
/// Times are this machine's monotonic clock and serve only to notice that renewing has not worked for a
/// whole lease; who holds a task is the server's decision.
final class RunningTasks: Sendable {
    /// Why a handler was cancelled.
    enum Interruption: Sendable { case leaseLost, timedOut, shutdown }

    private struct Running {
        var task: Task<Void, Never>
        var renewed: ContinuousClock.Instant
        var started: ContinuousClock.Instant
        var interruption: Interruption?
    }

    private let running = Mutex<[TaskHold: Running]>([:])

    var count: Int { running.withLock { $0.count } }
    var holds: [TaskHold] { running.withLock { Array($0.keys) } }
    var tasks: [Task<Void, Never>] { running.withLock { $0.values.map(\.task) } }

    /// Starts a handler.
    ///
    /// The lock is held meanwhile, so that a quick one cannot end before it is listed.
    func start(_ hold: TaskHold, takenAt: ContinuousClock.Instant, _ body: @escaping @Sendable () async -> Void) {
        running.withLock { running in
            // Unstructured, because a handler may go on for the grace period after `work` was cancelled.
            let task = Task { await body() }
            running[hold] = Running(task: task, renewed: takenAt, started: takenAt)
        }
    }

    func remove(_ hold: TaskHold) {
        running.withLock { $0[hold] = nil }
    }

    func interruption(of hold: TaskHold) -> Interruption? {
        running.withLock { $0[hold]?.interruption }
    }

    func renewed(_ holds: [TaskHold], at instant: ContinuousClock.Instant) {
        running.withLock { running in
            for hold in holds { running[hold]?.renewed = instant }
        }
    }

    func interrupt(_ hold: TaskHold, because interruption: Interruption) {
        let task = running.withLock { running -> Task<Void, Never>? in
            guard running[hold]?.interruption == nil else { return nil }
            running[hold]?.interruption = interruption
            return running[hold]?.task
        }
        task?.cancel()
    }

    /// Interrupts what has not been renewed for a lease, and what has run for longer than an attempt may.
    func interruptOverdue(lease: Duration, timeout: Duration?, at now: ContinuousClock.Instant) {
        let overdue = running.withLock { running in
            running.compactMap { hold, task -> (TaskHold, Interruption)? in
                if now - task.renewed > lease { return (hold, .leaseLost) }
                if let timeout, now - task.started > timeout { return (hold, .timedOut) }
                return nil
            }
        }
        for (hold, interruption) in overdue { interrupt(hold, because: interruption) }
    }
}
