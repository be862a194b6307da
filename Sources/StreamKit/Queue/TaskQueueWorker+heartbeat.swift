import CoreMetrics
import Logging
import Metrics

// The heartbeat, which talks to the server, and the watch, which does not need it.
extension TaskQueueWorker {
    /// Renews leases three times per lease, so that one failed try does not lose the task, and sweeps in between.
    func keepRenewing() async {
        let clock = ContinuousClock()
        var nextSweep = clock.now
        var nextRenewal = clock.now + options.lease / 3
        var nextCleaning = clock.now
        while !Task.isCancelled {
            // It renews its own leases first, so that after a pause its sweep does not free its own tasks.
            if clock.now >= nextRenewal {
                nextRenewal = clock.now + options.lease / 3
                await renew()
            }
            if clock.now >= nextSweep, !state.isStopping {
                let cleans = clock.now >= nextCleaning
                if cleans { nextCleaning = clock.now + options.lease * 2 }
                nextSweep = clock.now + (await sweep(removingConsumers: cleans))
            }
            let next = state.isStopping ? nextRenewal : min(nextSweep, nextRenewal)
            try? await clock.sleep(until: next)
        }
    }

    /// Ends attempts by this machine's clock, because the server might not answer just then.
    ///
    /// A worker that is cut off from Redis for a whole lease must assume that others have its tasks.
    func keepWatch() async {
        let pause = min(.milliseconds(500), options.lease / 4, (options.attemptTimeout ?? .seconds(60)) / 4)
        while !Task.isCancelled {
            for lease in state.leases where lease.ending == .none {
                let now = ContinuousClock.now
                if now - lease.confirmed > options.lease {
                    lose(lease)
                } else if let limit = options.attemptTimeout, now - lease.began > limit {
                    _ = state.timeOut(lease, because: "no end after \(limit)")
                }
            }
            try? await Task.sleep(for: max(pause, .milliseconds(10)))
        }
    }

    // MARK: Leases

    /// Renews every lease, and interrupts the handlers of tasks that this worker lost.
    private func renew() async {
        let leases = state.leases.filter { $0.ending != .completed }
        for (generation, members) in Dictionary(grouping: leases, by: \.generation) {
            for start in stride(from: 0, to: members.count, by: 500) {
                await renew(Array(members[start..<min(start + 500, members.count)]), generation)
            }
        }
    }

    private func renew(_ leases: [Lease], _ generation: Int) async {
        let asked = ContinuousClock.now
        // This comes before sending: a handler may end meanwhile, and then the server's note has to be removed.
        for lease in leases { lease.markNoted() }
        do {
            let lost = try await calls.renew(leases, generation: generation, by: consumer)
            let gone = Set(lost.map(ObjectIdentifier.init))
            for lease in leases where !gone.contains(ObjectIdentifier(lease)) { lease.confirm(at: asked) }
            for lease in lost { lose(lease) }
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            for lease in leases { lose(lease) }
        } catch {
            logger.warning("could not renew leases of queue \(queue.key): \(error)")
        }
    }

    /// An attempt whose end is being sent at this moment is left alone: the reply to that decides.
    private func lose(_ lease: Lease) {
        guard state.lose(lease, because: .leaseLost) else { return }
        logger.warning("lost the lease of task \(lease.task) of queue \(queue.key)")
        metrics.leasesLost.increment()
        options.onEvent?(.lost(task: lease.task, attempt: lease.delivered.attempt))
    }

    // MARK: Sweeping

    /// Moves due tasks, frees dead workers' tasks, and says how long until the next sweep.
    private func sweep(removingConsumers: Bool) async -> Duration {
        do {
            let sweep = try await calls.sweep(
                knownGeneration: state.generation, by: consumer, removingConsumers: removingConsumers)
            report(sweep)
            state.generation = sweep.generation
            if state.noticesCancels(sweep.cancels) { await renew() }
            return min(options.sweepInterval, max(sweep.nextDue ?? options.sweepInterval, .milliseconds(1)))
        } catch {
            // The reader itself notices errors that end the worker, and creates a missing group.
            logger.warning("could not sweep queue \(queue.key): \(error)")
            return options.sweepInterval
        }
    }

    private func report(_ sweep: QueueCalls.Sweep) {
        metrics.takenOver.increment(by: sweep.freed.count)
        for (task, worker) in sweep.freed {
            logger.notice("freed task \(task) of queue \(queue.key): worker \(worker) stopped renewing its lease")
            options.onEvent?(.released(task: task, from: worker))
        }
        metrics.buried.increment(by: sweep.buried.count)
        for (task, reason) in sweep.buried {
            logger.error("gave up task \(task) of queue \(queue.key): \(reason)")
        }
        for key in sweep.repaired {
            logger.error("removed key '\(key)': it is the queue's and held another type")
        }
    }
}

extension Duration {
    var wholeNanoseconds: Int64 { Int64(clamping: nanoseconds) }
}
