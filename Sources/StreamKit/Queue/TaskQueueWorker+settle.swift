import CoreMetrics
import Logging
import Metrics

extension TaskQueueWorker {
    // MARK: Failures

    /// Has a failed task tried again, or gives it up.
    func fail(_ delivered: DeliveredTask, _ hold: TaskHold, _ error: String, reason: DeadLetter.Reason?) async {
        let again = reason == nil && delivered.counted < options.maximumAttempts
        let verdict = again ? "will be tried again" : "given up"
        options.onEvent?(
            .failed(task: delivered.task, attempt: delivered.attempt, error: error, isGivenUp: !again))
        logger.notice("attempt \(delivered.attempt) of task \(delivered.task) failed, \(verdict): \(error)")
        await fail(hold, error, reason: reason, delay: options.backoff.delay(afterFailures: max(delivered.counted, 1)))
    }

    /// Tells the server, through lost connections, until it has answered or the lease is gone.
    func fail(_ hold: TaskHold, _ error: String, reason: DeadLetter.Reason? = nil, delay: Duration? = nil) async {
        let delay = delay ?? options.backoff.delay(afterFailures: hold.deliveries)
        let arguments =
            hold.arguments + [
                reason?.rawValue ?? "", String(error.prefix(2_000)), milliseconds(delay),
                String(options.maximumAttempts), String(options.maximumDeadLetters),
                milliseconds(options.deadLetterRetention),
            ]
        var failures = 0
        while hold.ending == .none || hold.ending == .timedOut {
            do {
                // Unstructured: a cancelled handler's task could not send any more, so a fresh one does.
                let step = Task { try await redis.run(QueueScripts.fail, keys: keys.all, arguments: arguments) }
                switch try await step.value.integer {
                case 1: metrics.retried.increment()
                case 2: metrics.buried.increment()
                // Also the answer to a repeat whose first try went through; then nothing is amiss.
                default:
                    logger.warning("task \(hold.task) of queue \(queue.key) failed here, but was not held any more")
                }
                return
            } catch StreamKitError.server(let error) where error.isLeaseLoss {
                return
            } catch {
                failures += 1
                logger.warning("could not settle task \(hold.task) of queue \(queue.key): \(error)")
                let pause = pause(afterFailures: failures)
                // A cancelled task would not sleep either.
                await Task<Void, Never> { try? await Task.sleep(for: pause) }.value
            }
        }
    }

    // MARK: Winding up

    /// Lets running handlers end until the grace is over, then hands the rest back.
    func windUp(_ beat: Task<Void, Never>, _ doorbell: Doorbell) async {
        let wasWaiting = doorbell.disarm()
        await handBackWaiting()
        // Unstructured, so that an early end need not wait for it.
        let grace = Task {
            try? await Task.sleep(for: options.shutdownGrace)
            state.graceIsOver()
        }
        var changes = state.changed.stream.makeAsyncIterator()
        while true {
            let now = state.snapshot
            if now.isOverdue || now.unfinished == 0 { break }
            if now.hasFinished { await settleCalmly() } else { await changes.next() }
        }
        grace.cancel()
        // Renewing ends first, or it would undo the handing back.
        beat.cancel()
        await beat.value
        if state.snapshot.hasFinished { await settleCalmly() }
        for hold in state.holds { state.interrupt(hold, because: .shutdown) }
        await handBackAll()
        guard wasWaiting else { return }
        // A task that was delivered while the wait was being ended.
        try? await Task.sleep(for: .milliseconds(50))
        await handBackAll()
    }

    private func settleCalmly() async {
        do {
            try await turn()
        } catch {
            logger.warning("could not settle tasks of queue \(queue.key): \(error)")
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Hands back what nobody has begun, which another worker can begin at once.
    private func handBackWaiting() async {
        let tasks = state.takeWaiting()
        guard !tasks.isEmpty else { return }
        do {
            try await handBack(tasks)
        } catch {
            logger.warning("could not hand back waiting tasks of queue \(queue.key) yet: \(error)")
        }
    }

    /// Hands back what came without a place for it.
    func handBack(_ tasks: [DeliveredTask]) async throws {
        _ = try await redis.run(
            QueueScripts.handBack, keys: keys.all,
            arguments: [queue.group, consumer, "some"] + tasks.flatMap { [$0.stream.rawValue, "\($0.entry)"] })
    }

    private func handBackAll() async {
        do {
            _ = try await redis.run(
                QueueScripts.handBack, keys: keys.all, arguments: [queue.group, consumer, "all"])
        } catch {
            logger.warning("could not hand back tasks of queue \(queue.key), their leases must run out: \(error)")
        }
    }

    // MARK: Trouble

    /// Makes the group, where it is missing.
    func prepare() async throws {
        let reply = try await redis.run(
            QueueScripts.prepare, keys: keys.all, arguments: [queue.group, String(view.generation)])
        if let generation = reply.integer { view.generation = generation }
    }

    /// Waits out what passes, heals a missing group, and throws what no waiting mends.
    func recover(from error: any Error, failures: Int) async throws {
        guard let error = error as? StreamKitError else { throw error }
        switch error {
        case .server(let server)
        where ["WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS", "QUEUEFORMAT"].contains(server.prefix):
            throw error
        case .server(let server) where server.prefix == "NOGROUP":
            logger.warning("group \(queue.group) of queue \(queue.key) is gone; making it again")
            do { try await prepare() } catch { try? await Task.sleep(for: pause(afterFailures: failures)) }
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
