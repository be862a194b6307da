import Logging

extension QueueWorker {
    // MARK: Leases

    /// Renews three times a lease, so that one lost try does not lose the task.
    func renewRegularly() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: options.lease / 3)
            if Task.isCancelled { return }
            await renew()
        }
    }

    /// Renews every lease, and interrupts the handlers whose task is no longer this worker's.
    func renew() async {
        let holds = running.holds
        guard !holds.isEmpty else { return }
        let asked = ContinuousClock.now
        do {
            let lost = try await renewLeases(holds)
            for hold in lost {
                logger.warning("lost the lease of task \(hold.task) of queue \(queue.key)")
                running.interrupt(hold, because: .leaseLost)
            }
            running.renewed(holds.filter { !lost.contains($0) }, at: asked)
        } catch {
            logger.warning("could not renew leases of queue \(queue.key): \(error)")
        }
        // Cut off from Redis for a whole lease, this worker must assume that others have its tasks.
        running.interruptOverdue(lease: options.lease, timeout: options.attemptTimeout, at: .now)
    }

    private func renewLeases(_ holds: [TaskHold]) async throws -> Set<TaskHold> {
        let arguments = [queue.group, consumer] + holds.flatMap { ["\($0.entry)", String($0.deliveries)] }
        do {
            let reply = try await redis.run(QueueScripts.renew, keys: [queue.keys.stream], arguments: arguments)
            let words = (reply.elements ?? []).compactMap(\.text)
            let lost = Set(stride(from: 0, to: words.count - 1, by: 2).map { "\(words[$0]) \(words[$0 + 1])" })
            return Set(holds.filter { lost.contains("\($0.entry) \($0.deliveries)") })
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            return Set(holds)
        }
    }

    // MARK: Settling

    func complete(_ hold: TaskHold) async {
        await settle(hold, as: "completed") { [self] in
            try await redis.run(QueueScripts.complete, keys: [queue.keys.stream], arguments: hold.arguments)
        }
    }

    func fail(_ delivered: DeliveredTask, _ hold: TaskHold, _ error: String, reason: DeadLetter.Reason?) async {
        let delay = options.backoff.delay(afterFailures: max(delivered.counted, 1))
        let again = reason == nil && delivered.counted < options.maximumAttempts
        let verdict = again ? "will be tried again" : "given up"
        logger.notice("attempt \(delivered.attempt) of task \(delivered.task) failed, \(verdict): \(error)")
        await settle(hold, as: "failed") { [self] in
            try await redis.run(
                QueueScripts.fail, keys: [queue.keys.stream, queue.keys.delayed, queue.keys.dead],
                arguments: hold.arguments + [
                    reason?.rawValue ?? "", String(error.prefix(2_000)), milliseconds(delay),
                    String(options.maximumAttempts), String(options.maximumDeadLetters),
                    milliseconds(options.deadLetterRetention),
                ])
        }
    }

    /// Tells the server how a task ended.
    ///
    /// A cancelled handler's task could not send any more, so a fresh one does.
    private func settle(
        _ hold: TaskHold, as outcome: String, _ step: @escaping @Sendable () async throws -> Reply
    ) async {
        guard Task.isCancelled else { return await settleUncancelled(hold, as: outcome, step) }
        await Task { await settleUncancelled(hold, as: outcome, step) }.value
    }

    /// Repeats the step through lost connections until the server has answered or the lease is gone.
    private func settleUncancelled(
        _ hold: TaskHold, as outcome: String, _ step: @Sendable () async throws -> Reply
    ) async {
        var failures = 0
        while running.interruption(of: hold) != .leaseLost {
            do {
                if try await step().integer == 0 {
                    // Also the answer to a repeat whose first try went through; then nothing is amiss.
                    logger.warning("task \(hold.task) of queue \(queue.key) \(outcome) here, but was not held any more")
                }
                return
            } catch StreamKitError.server(let error) where error.isLeaseLoss {
                return
            } catch {
                failures += 1
                logger.warning("could not settle task \(hold.task) of queue \(queue.key): \(error)")
                try? await Task.sleep(for: pause(afterFailures: failures))
            }
        }
    }

    // MARK: Trouble

    func createGroup() async throws {
        _ = try await redis.stream(queue.key).group(queue.group).create(from: .beginning)
    }

    /// Waits out what passes, heals a missing group, and throws what no waiting mends.
    func recover(from error: any Error, failures: Int) async throws {
        guard let error = error as? StreamKitError else { throw error }
        switch error {
        case .server(let server) where ["WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS"].contains(server.prefix):
            throw error
        case .server(let server) where server.prefix == "NOGROUP" && failures < 10:
            logger.warning("group \(queue.group) of queue \(queue.key) is gone; making it again")
            try? await createGroup()
            return
        case .invalidInput, .closed, .unexpectedReply:
            throw error
        case .server, .cannotConnect, .connectionLost, .timedOut:
            logger.warning("queue \(queue.key): \(error); trying again")
            try? await Task.sleep(for: pause(afterFailures: failures))
        }
    }

    private func pause(afterFailures failures: Int) -> Duration {
        RetryBackoff(initial: .milliseconds(50), maximum: .seconds(1)).delay(afterFailures: failures)
    }
}
