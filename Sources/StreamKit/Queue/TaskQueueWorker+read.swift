import CoreMetrics
import Logging
import Metrics

// The reader takes as many tasks as there are free places, and starts their handlers.
extension TaskQueueWorker {
    /// Takes tasks until the worker is to stop.
    ///
    /// - Returns: Whether it cancelled a wait, to which the server may still deliver tasks.
    func takeTasks(startingIn group: inout DiscardingTaskGroup) async -> Bool {
        var reader = TaskReader(calls, consumer: consumer, generation: state.generation)
        var failures = 0
        var mayBeMore = true
        var wasWaiting = false
        while let places = await state.freePlaces() {
            do {
                if failures > 0 { try await recover(&reader) }
                var tasks = mayBeMore ? try await reader.read(places) : []
                mayBeMore = tasks.count >= places
                if tasks.isEmpty {
                    guard let arrivals = try await arrivals(reader, places) else {
                        wasWaiting = true
                        continue
                    }
                    tasks = try await reader.tasks(in: arrivals)
                    mayBeMore = !tasks.isEmpty
                }
                state.generation = reader.generation
                try await start(tasks, places, in: &group)
                failures = 0
            } catch {
                failures += 1
                // The first time, the wrong key may be a companion key, which the preparation replaces.
                let isWrongType = (error as? StreamKitError)?.serverPrefix == "WRONGTYPE"
                guard !Self.isFatal(error) || isWrongType && failures == 1 else {
                    state.stop(because: error)
                    break
                }
                logger.warning("could not read tasks of queue \(queue.key), trying again: \(error)")
                await pause(afterFailures: failures)
            }
        }
        return wasWaiting
    }

    /// The tasks that a wait brings; `nil` if the worker should stop meanwhile.
    private func arrivals(_ reader: TaskReader, _ places: Int) async throws -> TaskReader.Arrivals? {
        try await withThrowingTaskGroup(of: TaskReader.Arrivals?.self) { race in
            race.addTask { try await reader.wait(places) }
            race.addTask {
                await self.state.untilStopping()
                return nil
            }
            defer { race.cancelAll() }
            return try await race.next() ?? nil
        }
    }

    /// Recovers from an error: a lost reply may have brought tasks, and the group may be gone.
    ///
    /// Tasks that the server delivered without this worker's knowledge go back at once, which costs no attempt.
    private func recover(_ reader: inout TaskReader) async throws {
        let generation = try await calls.prepare(knownGeneration: state.generation)
        state.generation = generation
        reader.start(at: generation)
        let count = try await calls.handBackUnknown(except: state.leases, by: consumer)
        if count > 0 { logger.notice("gave \(count) tasks of queue \(queue.key) back that came with a lost reply") }
    }

    /// Starts a handler for each task; hands back tasks for which there is no place, or whose group is unknown.
    private func start(_ tasks: [DeliveredTask], _ places: Int, in group: inout DiscardingTaskGroup) async throws {
        var leases: [Lease] = []
        var toHandBack: [DeliveredTask] = []
        for task in tasks {
            guard let generation = task.generation, leases.count < places else {
                toHandBack.append(task)
                continue
            }
            let lease = Lease(task, generation: generation, consumer: consumer, since: .now)
            if let defect = task.defect { state.refuse(lease, because: defect) } else { leases.append(lease) }
        }
        state.start(leases)
        for lease in leases { group.addTask(priority: .medium) { await self.attempt(lease) } }
        if !toHandBack.isEmpty { try await calls.handBack(only: toHandBack, by: consumer) }
    }

    /// Runs the handler of one task.
    private func attempt(_ lease: Lease) async {
        let delivered = lease.delivered
        options.onEvent?(.taken(task: delivered.task, attempt: delivered.attempt))
        let outcome: WorkerState.Finished.Outcome
        do {
            let payload = try delivered.decodePayload(as: Payload.self, with: decoder)
            let isLast = delivered.chargedFailures + 1 >= options.maximumAttempts
            let task = QueuedTask(payload: payload, isLastAttempt: isLast, lease: lease, calls: calls)
            outcome = .success(try await lease.running { try await handler(task) })
        } catch {
            outcome = .failure("\(error)", Self.reason(of: error))
        }
        metrics.attempt.recordNanoseconds((ContinuousClock.now - lease.began).wholeNanoseconds)
        if lease.ending == .completed { completed(lease) }
        state.handlerEnded(lease, outcome)
    }

    private static func reason(of error: any Error) -> DeadLetter.Reason? {
        if error is UndecodablePayload { return .undecodable }
        return error is PermanentTaskFailure ? .permanent : nil
    }
}
