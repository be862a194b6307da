import Synchronization

// What becomes of running tasks whose time is up.
extension WorkerState {
    var holds: [TaskHold] { state.withLock { $0.running.all.map(\.hold) } }

    func renewed(_ holds: [TaskHold], at instant: ContinuousClock.Instant) {
        state.withLock { state in
            for hold in holds { state.running.update(hold) { $0.renewed = instant } }
        }
    }

    func interrupt(_ hold: TaskHold, because ending: TaskHold.Ending) {
        guard hold.end(ending) else { return }
        // Marked under the lock, so that the runner takes no other task that the cancellation could hit.
        let runner = state.withLock { state -> HandlerRunner? in
            guard let running = state.running[hold], !running.hasFinished else { return nil }
            running.runner?.markInterrupted()
            return running.runner
        }
        runner?.cancel()
    }

    /// Whether its handler runs, or has ended and nobody is telling the server of it.
    func isRunning(_ hold: TaskHold) -> Bool {
        state.withLock { state in
            guard let running = state.running[hold] else { return false }
            return !running.hasFinished
        }
    }

    /// Interrupts what has not been renewed for a lease, and what has run for longer than an attempt may.
    ///
    /// - Returns: The latter.
    func interruptOverdue(
        lease: Duration, timeout: Duration?, at now: ContinuousClock.Instant
    ) -> [TaskHold] {
        let (lost, late) = state.withLock { state in
            let running = state.running.all.filter { !$0.hasFinished && $0.hold.ending == .none }
            let lost = running.filter { now - $0.renewed > lease }
            let late = timeout.map { timeout in running.filter { $0.began.map { now - $0 > timeout } ?? false } } ?? []
            return (lost.map(\.hold), late.map(\.hold))
        }
        for hold in lost { interrupt(hold, because: .leaseLost) }
        for hold in late { interrupt(hold, because: .timedOut) }
        return late.filter { $0.ending == .timedOut }
    }
}
