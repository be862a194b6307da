import CoreMetrics
import Logging
import Metrics

extension TaskQueueWorker {
    /// Renews leases three times a lease, so that one lost try does not lose the task, and sweeps between.
    func keepBeating() async {
        let clock = ContinuousClock()
        var nextSweep = clock.now
        var nextRenewal = clock.now + options.lease / 3
        var nextCleaning = clock.now
        while !Task.isCancelled {
            // What this worker holds is renewed first, so that after a pause it does not take over from itself.
            if clock.now >= nextRenewal {
                nextRenewal = clock.now + options.lease / 3
                await renew()
            }
            if clock.now >= nextSweep, !state.snapshot.isStopping {
                state.giveUpLead(at: clock.now)
                let cleans = clock.now >= nextCleaning
                if cleans { nextCleaning = clock.now + options.lease * 2 }
                nextSweep = clock.now + (await sweep(removingConsumers: cleans))
            }
            try? await clock.sleep(until: min(nextSweep, nextRenewal))
        }
    }

    // MARK: Leases

    /// Renews every lease, and interrupts the handlers whose task is no longer this worker's.
    func renew() async {
        let generation = view.generation
        let all = state.holds.filter { $0.ending == .none }
        let holds = all.filter { $0.generation == generation }
        if holds.count < all.count { lose(all.filter { $0.generation < generation }) }
        for start in stride(from: 0, to: holds.count, by: 500) {
            await renew(Array(holds[start..<min(start + 500, holds.count)]), generation)
        }
        // Cut off from Redis for a whole lease, this worker must assume that others have its tasks.
        for hold in state.interruptOverdue(lease: options.lease, timeout: options.attemptTimeout, at: .now) {
            // The handler may not listen, so its failure is recorded without waiting for it.
            Task { await fail(hold, "no end after \(options.attemptTimeout ?? .zero)") }
        }
    }

    private func renew(_ holds: [TaskHold], _ generation: Int) async {
        let asked = ContinuousClock.now
        // Before it is sent: a handler may end while it is under way, and what it left is to be removed then.
        for hold in holds { hold.markRenewed() }
        do {
            let reply = try await redis.run(
                QueueScripts.renew, keys: keys.all,
                arguments: [queue.group, consumer, String(generation)]
                    + holds.flatMap { [$0.stream.rawValue, "\($0.entry)", String($0.deliveries)] })
            let lost = Set((reply.elements ?? []).compactMap(\.integer).map { $0 - 1 })
            state.renewed(holds.enumerated().filter { !lost.contains($0.offset) }.map(\.element), at: asked)
            lose(lost.filter(holds.indices.contains).map { holds[$0] })
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            lose(holds)
            state.report(StreamKitError.server(error))
        } catch {
            logger.warning("could not renew leases of queue \(queue.key): \(error)")
        }
    }

    /// A task whose end is being told at this moment may be among them; then nothing is amiss.
    private func lose(_ holds: [TaskHold]) {
        for hold in holds where state.isRunning(hold) {
            logger.warning("lost the lease of task \(hold.task) of queue \(queue.key)")
            metrics.leasesLost.increment()
            options.onEvent?(.lost(task: hold.task, attempt: hold.delivered.attempt))
            state.interrupt(hold, because: .leaseLost)
        }
    }

    // MARK: Sweeping

    /// Moves due tasks, takes over dead workers' tasks, and says how long until the next sweep.
    private func sweep(removingConsumers: Bool) async -> Duration {
        let places = state.reserve(upTo: state.concurrency)
        let asked = ContinuousClock.now
        do {
            let reply = try await redis.run(
                QueueScripts.sweep, keys: keys.all, arguments: sweepArguments(places, removingConsumers))
            guard let parts = reply.elements, parts.count == 4, let untilDue = parts[0].integer else {
                throw StreamKitError.unexpectedReply("the sweep of queue \(queue.key) answered \(reply)")
            }
            let generation = parts[1].integer ?? 1
            view.generation = generation
            let taken = (parts[3].elements ?? []).compactMap { DeliveredTask($0, generation: generation) }
            takeOver(taken, reserved: places, at: asked)
            if view.sawCancels(parts[2].integer ?? 0) { await renew() }
            return untilDue < 0 ? options.sweepInterval : min(options.sweepInterval, .milliseconds(max(untilDue, 1)))
        } catch {
            state.release(places)
            if !(error is CancellationError) { state.report(error) }
            return options.sweepInterval
        }
    }

    private func sweepArguments(_ places: Int, _ removesConsumers: Bool) -> [String] {
        // Only for consumers that are no workers of ours: those say that they live.
        let silence = options.lease * 10
        return [
            queue.group, consumer, milliseconds(options.lease), String(places), String(options.maximumAttempts),
            String(options.maximumDeadLetters), milliseconds(options.deadLetterRetention),
            removesConsumers ? milliseconds(silence) : "",
            milliseconds(max(options.sweepInterval * 3, .seconds(3))), String(view.generation),
        ]
    }

    private func takeOver(_ tasks: [DeliveredTask], reserved: Int, at instant: ContinuousClock.Instant) {
        for task in tasks {
            logger.notice("took over task \(task.task) of queue \(queue.key), attempt \(task.attempt)")
        }
        metrics.takenOver.increment(by: tasks.count)
        // What it does not start was a deleted group's, and so is not this worker's to hand back.
        _ = start(tasks, inPlacesReserved: false, takenAt: instant)
        state.release(reserved)
        // The loop may have found no place free meanwhile, or must stop waiting for tasks.
        if reserved > 0 { state.wake() }
    }
}
