import CoreMetrics
import Logging
import Metrics

// The settler tells the server about attempts that ended.
extension TaskQueueWorker {
    private typealias Finished = WorkerState.Finished
    /// The most tasks that are settled in one step.
    private static var largestBatch: Int { 500 }

    func keepSettling() async {
        var failures = 0
        while let batch = await state.nextFinished(limit: Self.largestBatch) {
            let unsettled = await settle(batch)
            failures = unsettled.isEmpty ? 0 : failures + 1
            guard !unsettled.isEmpty else { continue }
            if state.putBack(unsettled) { await pause(afterFailures: failures) }
        }
        state.settlingHasEnded()
    }

    /// Settles what it can.
    /// - Returns: The attempts to try again.
    private func settle(_ batch: [Finished]) async -> [Finished] {
        var successes: [Part: [(finished: Finished, result: String?)]] = [:]
        var unsettled: [Finished] = []
        for finished in batch {
            switch finished.outcome {
            case .success(let result):
                let part = Part(stream: finished.lease.delivered.stream, generation: finished.lease.generation)
                successes[part, default: []].append((finished, result))
            case .failure(let error, let reason):
                unsettled += await settling([finished]) { try await fail(finished.lease, error, reason) }
            }
        }
        for (part, members) in successes {
            unsettled += await settling(members.map(\.finished)) { try await complete(members, part) }
        }
        return unsettled
    }

    /// Attempts that one step can complete.
    private struct Part: Hashable {
        let stream: QueueStream
        let generation: Int
    }

    /// Performs one step, and decides what becomes of its attempts if it fails.
    /// - Returns: The attempts to try again.
    private func settling(_ batch: [Finished], _ step: () async throws -> Void) async -> [Finished] {
        do {
            try await step()
            state.forget(batch)
            return []
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            for finished in batch { refused(finished.lease) }
            state.forget(batch)
            return []
        } catch {
            logger.warning("could not settle \(batch.count) tasks of queue \(queue.key): \(error)")
            guard Self.isFatal(error) else { return batch }
            state.stop(because: error)
            state.forget(batch)
            return []
        }
    }

    private func complete(_ members: [(finished: Finished, result: String?)], _ part: Part) async throws {
        let refused = try await calls.settle(
            members.map { ($0.finished.lease, $0.result) }, of: part.stream, generation: part.generation,
            by: consumer, concurrency: state.concurrency)
        guard !refused.isEmpty || options.onEvent != nil else {
            return metrics.completed.increment(by: members.count)
        }
        for (finished, _) in members {
            if refused.contains("\(finished.lease.delivered.entry)") {
                self.refused(finished.lease)
            } else {
                completed(finished.lease)
            }
        }
    }

    func completed(_ lease: Lease) {
        metrics.completed.increment()
        options.onEvent?(.completed(task: lease.task, attempt: lease.delivered.attempt))
    }

    /// The server also answers so to a repeat whose first try went through; then nothing is wrong.
    private func refused(_ lease: Lease) {
        logger.warning("task \(lease.task) of queue \(queue.key) ended here, but was not held any more")
    }

    private func fail(_ lease: Lease, _ error: String, _ reason: DeadLetter.Reason?) async throws {
        let delivered = lease.delivered
        let delay = options.backoff.delay(afterFailures: delivered.chargedFailures + 1)
        let outcome = try await calls.fail(lease, error: error, reason: reason, delay: delay)
        switch outcome {
        case .notHeld: return refused(lease)
        case .again: metrics.retried.increment()
        case .buried: metrics.buried.increment()
        }
        let isGivenUp = outcome == .buried
        let verdict = isGivenUp ? "given up" : "to be tried again"
        logger.notice("attempt \(delivered.attempt) of task \(delivered.task) failed, \(verdict): \(error)")
        options.onEvent?(
            .failed(task: delivered.task, attempt: delivered.attempt, error: error, isGivenUp: isGivenUp))
    }
}
