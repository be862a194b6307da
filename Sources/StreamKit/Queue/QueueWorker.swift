import Logging

/// One worker at work: takes tasks, renews their leases, settles them, and cleans up after dead workers.
final class QueueWorker<Payload: Codable & Sendable>: Sendable {
    typealias Handler = @Sendable (QueuedTask<Payload>) async throws -> Void

    let queue: TaskQueue<Payload>
    let consumer: String
    let concurrency: Int
    let handler: Handler
    let running = RunningTasks()
    /// A handler ended, so a place is free.
    ///
    /// One signal is enough, however many ended.
    let ended = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    var options: TaskQueueOptions { queue.options }
    var redis: Redis { queue.redis }
    var logger: Logger { queue.options.logger }

    init(queue: TaskQueue<Payload>, consumer: String, concurrency: Int, handler: @escaping Handler) {
        self.queue = queue
        self.consumer = consumer
        self.concurrency = concurrency
        self.handler = handler
    }

    func run() async throws {
        try await createGroup()
        // Unstructured, because leases must be renewed while handlers end after a cancellation.
        let heartbeat = Task { await renewRegularly() }
        let outcome: Result<Void, any Error>
        do {
            try await takeTasks()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        // Unstructured for the same reason: this task is cancelled, and what is left to do is not.
        await Task { await finish(heartbeat) }.value
        try outcome.get()
    }

    // MARK: Taking tasks

    /// Sweeps and reads by turns until cancelled.
    ///
    /// The wait for new tasks ends when the next sweep is due.
    private func takeTasks() async throws {
        var places = ended.stream.makeAsyncIterator()
        let clock = ContinuousClock()
        var nextSweep = clock.now
        var nextCleaning = clock.now
        var failures = 0
        while !Task.isCancelled {
            do {
                if running.count >= concurrency {
                    await places.next()
                    continue
                }
                if clock.now >= nextSweep {
                    nextSweep = clock.now + (try await sweep())
                    if clock.now >= nextCleaning {
                        try await removeDeadConsumers()
                        nextCleaning = clock.now + options.lease * 2
                    }
                }
                let free = concurrency - running.count
                if free > 0 { try await readNew(limit: free, wait: max(nextSweep - clock.now, .milliseconds(1))) }
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                try await recover(from: error, failures: failures)
            }
        }
    }

    private func readNew(limit: Int, wait: Duration) async throws {
        let group = redis.stream(queue.key).group(queue.group)
        let taken = ContinuousClock.now
        for entry in try await group.consumer(consumer).read(limit: limit, wait: .atMost(wait)) {
            // The lease began when the server delivered, which the wait may have put well after the request.
            start(DeliveredTask(entry: entry.id, deliveries: 1) { entry[$0] }, takenAt: max(taken, .now))
        }
    }

    /// Moves due tasks, takes over dead workers' tasks, and says how long until the next sweep.
    private func sweep() async throws -> Duration {
        // What this worker holds is renewed first, so that after a pause it does not take over from itself.
        await renew()
        let taken = ContinuousClock.now
        let reply = try await redis.run(
            QueueScripts.sweep, keys: [queue.keys.stream, queue.keys.delayed, queue.keys.dead],
            arguments: [
                queue.group, consumer, milliseconds(options.lease), String(max(concurrency - running.count, 1)),
                String(options.maximumAttempts), String(options.maximumDeadLetters),
                milliseconds(options.deadLetterRetention),
            ])
        guard let parts = reply.elements, parts.count == 2, let untilDue = parts[0].integer else {
            throw StreamKitError.unexpectedReply("the sweep of queue \(queue.key) answered \(reply)")
        }
        for task in (parts[1].elements ?? []).compactMap({ DeliveredTask($0) }) {
            logger.notice("took over task \(task.task) of queue \(queue.key), attempt \(task.attempt)")
            start(task, takenAt: taken)
        }
        return untilDue < 0 ? options.sweepInterval : min(options.sweepInterval, .milliseconds(max(untilDue, 1)))
    }

    private func removeDeadConsumers() async throws {
        // Ten leases of silence: a live worker reads or renews far more often, and one that is removed
        // while it holds nothing only has to be made again.
        let silence = max(options.lease * 10, .seconds(60))
        _ = try await redis.run(
            QueueScripts.removeDeadConsumers, keys: [queue.keys.stream],
            arguments: [queue.group, consumer, milliseconds(silence)])
    }

    // MARK: Working on one

    private func start(_ delivered: DeliveredTask, takenAt: ContinuousClock.Instant) {
        let hold = TaskHold(
            redis: redis, stream: queue.key, group: queue.group, consumer: consumer, entry: delivered.entry,
            task: delivered.task, deliveries: delivered.deliveries)
        running.start(hold, takenAt: takenAt) { [self] in
            await attempt(delivered, hold)
            running.remove(hold)
            ended.continuation.yield()
        }
    }

    private func attempt(_ delivered: DeliveredTask, _ hold: TaskHold) async {
        do {
            let payload = try delivered.decodePayload(as: Payload.self)
            try await handler(
                QueuedTask(id: delivered.task, payload: payload, attempt: delivered.attempt, hold: hold))
            await complete(hold)
        } catch let error as UndecodablePayload {
            await fail(delivered, hold, "\(error)", reason: .undecodable)
        } catch let error as PermanentTaskFailure {
            await fail(delivered, hold, "\(error)", reason: .permanent)
        } catch {
            switch running.interruption(of: hold) {
            case .leaseLost, .shutdown: break  // Not the handler's failure, and not ours to settle any more.
            case .timedOut: await fail(delivered, hold, "no end after \(options.attemptTimeout ?? .zero)", reason: nil)
            case nil: await fail(delivered, hold, "\(error)", reason: nil)
            }
        }
    }

    // MARK: Shutting down

    private func finish(_ heartbeat: Task<Void, Never>) async {
        let deadline = Task {
            try await Task.sleep(for: options.shutdownGrace)
            await abandon(heartbeat)
        }
        for task in running.tasks { await task.value }
        deadline.cancel()
        _ = await deadline.result
        await abandon(heartbeat)
    }

    /// Cancels what still runs and hands it back.
    ///
    /// Renewing ends first, or it would undo that.
    private func abandon(_ heartbeat: Task<Void, Never>) async {
        heartbeat.cancel()
        await heartbeat.value
        for hold in running.holds { running.interrupt(hold, because: .shutdown) }
        do {
            _ = try await redis.run(
                QueueScripts.handBack, keys: [queue.keys.stream],
                arguments: [queue.group, consumer, milliseconds(options.lease)])
        } catch {
            logger.warning("could not hand back tasks of queue \(queue.key), their leases must run out: \(error)")
        }
    }

    func milliseconds(_ duration: Duration) -> String { String(duration.wholeMilliseconds) }
}
