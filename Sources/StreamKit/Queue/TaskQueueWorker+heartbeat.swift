import CoreMetrics
import Logging

// The heartbeat, which talks to the server, and the watch, which does not need it.
extension TaskQueueWorker {
    /// Renews leases at least three times per lease, so that one failed try does not lose the task, and sweeps.
    ///
    /// Renewing also tells it which of its tasks were cancelled, so it happens as often as sweeping.
    func keepRenewing() async {
        let clock = ContinuousClock()
        let pause = max(min(options.lease / 3, options.sweepInterval), .milliseconds(1))
        var (nextRenewal, nextSweep) = (clock.now + pause, clock.now)
        while !Task.isCancelled {
            // It renews its own leases first, so that after a pause its sweep does not free its own tasks.
            if clock.now >= nextRenewal {
                nextRenewal = clock.now + pause
                await renew()
            }
            if clock.now >= nextSweep, !state.isStopping { nextSweep = clock.now + (await sweep()) }
            try? await clock.sleep(until: state.isStopping ? nextRenewal : min(nextSweep, nextRenewal))
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
                    state.noteLost(lease)
                    lose(lease)
                } else if let limit = options.attemptTimeout, now - lease.began > limit {
                    state.timeOut(lease, because: "no end after \(limit)")
                }
            }
            try? await Task.sleep(for: max(pause, .milliseconds(10)))
        }
    }

    /// Renews every lease, and interrupts the handlers of tasks that this worker lost.
    private func renew() async {
        let held = state.leases.filter { $0.ending != .completed }
        for (generation, leases) in Dictionary(grouping: held, by: \.generation) {
            let asked = ContinuousClock.now
            do {
                let lost = try await calls.renew(leases, generation: generation, by: consumer)
                for lease in lost { lose(lease) }
                let gone = Set(lost.map(ObjectIdentifier.init))
                for lease in leases where !gone.contains(ObjectIdentifier(lease)) { lease.confirm(at: asked) }
            } catch StreamKitError.server(let error) where error.isLeaseLoss {
                for lease in leases { lose(lease) }
            } catch {
                logger.warning("could not renew leases of queue \(queue.key): \(error)")
            }
        }
    }

    /// An attempt whose end is being sent at this moment is left alone: the reply to that decides.
    private func lose(_ lease: Lease) {
        guard state.lose(lease, because: .leaseLost) else { return }
        report(.lost(task: lease.task, attempt: lease.delivered.attempt))
    }

    /// Moves due tasks, frees dead workers' tasks, and says how long until the next sweep.
    private func sweep() async -> Duration {
        state.isSweeping = true
        defer { state.isSweeping = false }
        do {
            let sweep = try await calls.sweep(knownGeneration: state.generation, by: consumer)
            state.generation = sweep.generation
            for (task, worker) in sweep.freed { report(.released(task: StreamID(task) ?? .zero, from: worker)) }
            metrics.buried.increment(by: sweep.buried.count)
            for (task, reason) in sweep.buried {
                logger.error("gave up task \(task) of queue \(queue.key): \(reason)")
            }
            return min(options.sweepInterval, max(sweep.nextDue ?? options.sweepInterval, .milliseconds(1)))
        } catch {
            // The reader itself notices errors that end the worker, and creates a missing group.
            logger.warning("could not sweep queue \(queue.key): \(error)")
            return options.sweepInterval
        }
    }
}
