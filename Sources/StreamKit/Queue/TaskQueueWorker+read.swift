import CoreMetrics
import Logging
import Metrics

// The reader takes as many tasks as there are free places, and starts their handlers.
extension TaskQueueWorker {
    /// Takes tasks until the worker is to stop.
    func takeTasks(startingIn group: inout DiscardingTaskGroup) async {
        var reader = TaskReader(calls, consumer: consumer, generation: state.generation)
        var failures = 0
        var mayBeMore = true
        while let places = await state.freePlaces() {
            do {
                if failures > 0 { reader = try await recovered() }
                var tasks = mayBeMore ? try await reader.read(places) : []
                mayBeMore = !tasks.isEmpty
                if tasks.isEmpty {
                    tasks = try await arrivals(reader, places)
                    // A stream that gave all that it was asked for may have more.
                    mayBeMore = tasks.count >= TaskReader.share(of: places)
                }
                start(tasks.prefix(places), reader.generation, in: &group)
                if tasks.count > places { try await handBackUnknown() }
                failures = 0
            } catch {
                // The first time, the wrong key may be a companion key, which the preparation replaces.
                let isRepairable = (error as? StreamKitError)?.serverPrefix == "WRONGTYPE" && failures == 0
                guard !Self.isFatal(error) || isRepairable else { return state.stop(because: error) }
                failures += 1
                logger.warning("could not read tasks of queue \(queue.key), trying again: \(error)")
                try? await Task.sleep(for: Self.backoff.delay(afterFailures: failures))
            }
        }
    }

    /// The tasks that a wait brings; none if the worker should stop meanwhile.
    private func arrivals(_ reader: TaskReader, _ places: Int) async throws -> [DeliveredTask] {
        try await withThrowingTaskGroup(of: [DeliveredTask].self) { race in
            race.addTask { try await reader.wait(places) }
            race.addTask {
                await self.state.untilStopping()
                return []
            }
            defer { race.cancelAll() }
            return try await race.next() ?? []
        }
    }

    /// A new reader after an error: a lost reply may have brought tasks, and the group may be gone.
    private func recovered() async throws -> TaskReader {
        state.generation = try await calls.prepare(knownGeneration: state.generation)
        try await handBackUnknown()
        return TaskReader(calls, consumer: consumer, generation: state.generation)
    }

    /// Gives back tasks that the server delivered and that are not in hand; this does not count as a failure.
    private func handBackUnknown() async throws {
        let (running, lost) = state.begun
        let count = try await calls.handBackUnknown(except: running, lost: lost, by: consumer)
        state.forgetLost(lost.count)
        if count > 0 { logger.notice("gave \(count) tasks of queue \(queue.key) back that were not in hand") }
    }

    private func start(
        _ tasks: some Collection<DeliveredTask>, _ generation: Int, in group: inout DiscardingTaskGroup
    ) {
        let leases = tasks.map { Lease($0, generation: generation, consumer: consumer) }
        state.start(leases)
        for lease in leases { group.addTask(priority: .medium) { await self.attempt(lease) } }
    }

    /// Runs the handler of one task.
    private func attempt(_ lease: Lease) async {
        let delivered = lease.delivered
        // Our own sweep may have freed it just now, which is to be reported first.
        if delivered.attempt > 1 { await state.untilSwept() }
        report(.taken(task: delivered.task, attempt: delivered.attempt))
        let outcome: WorkerState.Finished.Outcome
        do {
            let payload = try delivered.decodePayload(as: Payload.self, with: decoder)
            let task = QueuedTask(payload: payload, lease: lease, calls: calls)
            outcome = .success(try await lease.running { try await handler(task) })
        } catch {
            outcome = .failure("\(error)", Self.reason(of: error))
        }
        metrics.attempt.recordNanoseconds(Int64(clamping: (ContinuousClock.now - lease.began).nanoseconds))
        if lease.ending == .completed { completed(lease) }
        state.handlerEnded(lease, outcome)
    }

    private static func reason(of error: any Error) -> DeadLetter.Reason? {
        if error is UndecodablePayload { return .undecodable }
        return error is PermanentTaskFailure ? .permanent : nil
    }
}
