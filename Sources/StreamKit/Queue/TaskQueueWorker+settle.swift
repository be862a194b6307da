import Logging

// The settler tells the server about attempts that ended.
extension TaskQueueWorker {
    private typealias Finished = WorkerState.Finished
    /// The most tasks that are settled in one step.
    private static var largestBatch: Int { 500 }

    /// What one step can settle: a failed attempt, or completed ones of one stream and generation.
    private struct Step: Hashable {
        let stream: QueueStream
        let generation: Int
        var failed: StreamID?

        init(of finished: Finished) {
            stream = finished.lease.delivered.stream
            generation = finished.lease.generation
            if case .failure = finished.outcome { failed = finished.lease.delivered.entry }
        }
    }

    func keepSettling() async {
        var failures = 0
        while let batch = await state.nextFinished(limit: Self.largestBatch) {
            var hasFailed = false
            for (step, members) in Dictionary(grouping: batch, by: Step.init) {
                do {
                    try await settle(members, step)
                    state.forget(members)
                } catch {
                    logger.warning("could not settle \(members.count) tasks of queue \(queue.key): \(error)")
                    if Self.isFatal(error) {
                        state.stop(because: error)
                        state.forget(members)
                    } else {
                        hasFailed = true
                        state.putBack(members)
                    }
                }
            }
            failures = hasFailed ? failures + 1 : 0
            if hasFailed, !state.isOver { try? await Task.sleep(for: Self.backoff.delay(afterFailures: failures)) }
        }
    }

    private func settle(_ members: [Finished], _ step: Step) async throws {
        do {
            if case .failure(let error, let reason) = members[0].outcome {
                return try await fail(members[0].lease, error, reason)
            }
            let refused = try await calls.settle(
                members, of: step.stream, generation: step.generation, by: consumer)
            for lease in members.map(\.lease) {
                let isRefused = !refused.isEmpty && refused.contains("\(lease.delivered.entry)")
                if isRefused { wasRefused(lease) } else { completed(lease) }
            }
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            for finished in members { wasRefused(finished.lease) }
        }
    }

    func completed(_ lease: Lease) { report(.completed(task: lease.task, attempt: lease.delivered.attempt)) }

    /// The server also answers so to a repeat whose first try went through; then nothing is wrong.
    private func wasRefused(_ lease: Lease) {
        logger.warning("task \(lease.task) of queue \(queue.key) ended here, but was not held any more")
    }

    private func fail(_ lease: Lease, _ error: String, _ reason: DeadLetter.Reason?) async throws {
        let delivered = lease.delivered
        let delay = options.backoff.delay(afterFailures: delivered.chargedFailures + 1)
        let outcome = try await calls.fail(lease, error: error, reason: reason, delay: delay)
        guard outcome != .notHeld else { return wasRefused(lease) }
        report(
            .failed(
                task: delivered.task, attempt: delivered.attempt, error: error, isGivenUp: outcome == .buried))
    }
}
