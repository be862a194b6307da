import DequeModule
import Synchronization

// The way of a task through the worker: it waits for a runner, its handler runs and ends, the server is told.
extension WorkerState {
    /// Has tasks handled, as soon as there is a thread for them.
    func start(
        _ tasks: [DeliveredTask], at now: ContinuousClock.Instant, _ spawn: HandlerRunner.Spawn,
        hold: (DeliveredTask, _ slot: Int) -> TaskHold
    ) {
        state.withLock { state in
            for task in tasks {
                state.waiting.append(state.running.add(renewed: now) { hold(task, $0) })
            }
            state.spawnSpare(concurrency, spawn)
        }
    }

    /// Takes in the task that a runner has ended, if any, and gives it the next; `nil` if it should end.
    func next(
        for runner: HandlerRunner, after ended: Finished?, at now: ContinuousClock.Instant,
        _ spawn: HandlerRunner.Spawn
    ) -> TaskHold? {
        let (next, isFirst) = state.withLock { state in
            let isFirst = ended.map { state.finish($0) } ?? false
            if runner.begin() { state.hasSpareRunner = false }
            var next: TaskHold?
            if !runner.isInterrupted, state.mayBegin(concurrency), let hold = state.waiting.popFirst() {
                state.running.update(hold) { ($0.runner, $0.began) = (runner, now) }
                next = hold
            }
            state.spawnSpare(concurrency, spawn)
            return (next, isFirst)
        }
        if isFirst { wake() }
        return next
    }

    /// A runner ends, and perhaps leaves a task that has ended.
    func leave(after ended: Finished?, _ spawn: HandlerRunner.Spawn) {
        let isFirst = state.withLock { state in
            defer { state.spawnSpare(concurrency, spawn) }
            return ended.map { state.finish($0) } ?? false
        }
        if isFirst { wake() }
    }

    func takeFinished(limit: Int, at now: ContinuousClock.Instant) -> [Finished] {
        state.withLock { state in
            let batch = Array(state.finished.prefix(limit))
            state.finished.removeFirst(batch.count)
            state.settling += batch.count
            state.setLead(ended: batch.count, at: now, concurrency)
            return batch
        }
    }

    /// The server could not be told; it is told again later.
    func putBack(_ batch: [Finished]) {
        state.withLock { state in
            state.settling -= batch.count
            state.finished += batch
        }
    }

    func settled(_ batch: [Finished]) {
        state.withLock { state in
            state.settling -= batch.count
            for finished in batch { state.running.remove(finished.hold) }
        }
    }

    func remove(_ hold: TaskHold) {
        state.withLock { $0.running.remove(hold) }
        wake()
    }
}

extension WorkerState.State {
    /// Whether it is the first of which the server is to be told.
    fileprivate mutating func finish(_ ended: WorkerState.Finished) -> Bool {
        running.update(ended.hold) { $0.hasFinished = true }
        finished.append(ended)
        return finished.count == 1
    }

    /// Whether a task waits for its handler, and fewer handlers run than may.
    fileprivate func mayBegin(_ concurrency: Int) -> Bool {
        !waiting.isEmpty && running.count - waiting.count - finished.count - settling < concurrency
    }

    /// Sees to it that a runner is on its way as long as a task waits for one.
    ///
    /// The lock is held meanwhile, so that a quick runner cannot ask before it is known.
    fileprivate mutating func spawnSpare(_ concurrency: Int, _ spawn: HandlerRunner.Spawn) {
        guard mayBegin(concurrency), !hasSpareRunner else { return }
        hasSpareRunner = true
        let runner = HandlerRunner()
        runner.runs(as: spawn(runner))
    }
}
