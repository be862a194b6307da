import CoreMetrics
import Metrics

// How one task is worked on.
extension TaskQueueWorker {
    /// Starts handlers; places that were reserved for just these tasks are theirs from then on.
    ///
    /// - Returns: The tasks that were not started, as it is not known which group delivered them: it was deleted
    ///   and made again meanwhile, and a wrong generation would let two attempts have the same fencing token.
    func start(
        _ tasks: [DeliveredTask], inPlacesReserved isReserved: Bool, takenAt: ContinuousClock.Instant = .now
    ) -> [DeliveredTask] {
        guard !tasks.isEmpty else { return [] }
        let generation = view.generation
        let unsure = tasks.filter { $0.generation != generation }
        let sure = unsure.isEmpty ? tasks : tasks.filter { $0.generation == generation }
        state.start(sure, at: takenAt, spawn) { task, slot in
            TaskHold(task, by: claimant, taken: takenAt, slot: slot)
        }
        if isReserved { state.release(tasks.count) }
        return unsure
    }

    private func spawn(_ runner: HandlerRunner) -> Task<Void, Never> {
        // Unstructured, because a handler may go on for the grace period after `work` was cancelled.
        Task(priority: .medium) { await runHandlers(runner) }
    }

    private func runHandlers(_ runner: HandlerRunner) async {
        var ended: WorkerState.Finished?
        for _ in 0..<HandlerRunner.share {
            let began = ContinuousClock.now
            guard let hold = state.next(for: runner, after: ended, at: began, spawn) else { return }
            ended = await attempt(hold, began)
            // A handler may have cancelled the Swift task that it runs in.
            if Task.isCancelled { break }
        }
        state.leave(after: ended, spawn)
    }

    /// Runs a handler; what the server is to be told, unless that is done.
    private func attempt(_ hold: TaskHold, _ began: ContinuousClock.Instant) async -> WorkerState.Finished? {
        let delivered = hold.delivered
        // If not, it was lost or handed back before its turn came.
        if hold.ending == .none {
            options.onEvent?(.taken(task: delivered.task, attempt: delivered.attempt))
            do {
                let payload = try delivered.decodePayload(as: Payload.self, with: decoder)
                let result = try await handler(
                    QueuedTask(id: delivered.task, payload: payload, attempt: delivered.attempt,
                        isLastAttempt: delivered.counted >= options.maximumAttempts, hold: hold))
                metrics.attempt.record(duration: ContinuousClock.now - began)
                if hold.ending == .none { return WorkerState.Finished(hold: hold, result: result) }
                if hold.ending == .completed { metrics.completed.increment() }
            } catch {
                metrics.attempt.record(duration: ContinuousClock.now - began)
                // Otherwise it is not the handler's failure, and not ours to settle any more.
                if hold.ending == .none { await fail(delivered, hold, "\(error)", reason: Self.reason(of: error)) }
            }
        }
        state.remove(hold)
        return nil
    }

    private static func reason(of error: any Error) -> DeadLetter.Reason? {
        if error is UndecodablePayload { return .undecodable }
        return error is PermanentTaskFailure ? .permanent : nil
    }
}
