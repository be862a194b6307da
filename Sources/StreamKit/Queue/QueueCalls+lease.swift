// These calls act for an attempt, and only if its worker still holds the task.
extension QueueCalls {
    private static let settleScript = RedisScript(queue: PackageResources.settle_lua)
    private static let failScript = RedisScript(queue: PackageResources.fail_lua)
    private static let runIfHeldScript = RedisScript(
        file: PackageResources.append_prelude_lua + PackageResources.prelude_lua + PackageResources.run_if_held_lua)

    /// What became of a task whose attempt failed.
    enum Failed: Int, Sendable { case notHeld, again, buried }

    private func hold(_ lease: Lease) -> [String] {
        let delivered = lease.delivered
        return [
            delivered.stream.rawValue, group, lease.consumer, "\(delivered.entry)", String(lease.generation),
        ]
    }

    /// Completes tasks of one stream and generation; at most some hundreds in one step.
    ///
    /// - Returns: The entries that were not held any more.
    func settle(
        _ finished: [WorkerState.Finished], of stream: QueueStream, generation: Int, by consumer: String
    ) async throws -> Set<String> {
        let finished = finished.sorted { $0.lease.delivered.entry < $1.lease.delivered.entry }
        let noted = finished.enumerated().filter { !$0.element.lease.isPlain || $0.element.result != nil }
        let arguments = [
            stream.rawValue, group, consumer, String(generation), String(max(options.maximumResults, 0)),
            milliseconds(options.resultRetention), String(finished.count),
        ]
        let count = arguments.count + finished.count + 3 * noted.count
        let reply = try await run(Self.settleScript, argumentCount: count) { buffer in
            for argument in arguments { buffer.argument(argument) }
            for task in finished { buffer.argument(task.lease.delivered.entry) }
            for (index, task) in noted {
                buffer.argument(index + 1)
                buffer.argument(task.lease.task)
                buffer.argument(task.result.map { "=" + $0 } ?? "")
            }
        }
        guard let refused = reply.elements else { throw unexpected("Completing tasks", reply) }
        return Set(refused.compactMap(\.text))
    }

    /// Ends an attempt that failed.
    func fail(_ lease: Lease, error: String, reason: DeadLetter.Reason?, delay: Duration) async throws -> Failed {
        let reply = try await run(
            Self.failScript,
            hold(lease) + [
                reason?.rawValue ?? "", String(error.prefix(2_000)), milliseconds(delay),
                String(options.maximumAttempts),
            ] + limitsOfDeadLetters)
        guard let outcome = reply.integer.flatMap({ Failed(rawValue: $0) }) else {
            throw unexpected("Failing a task", reply)
        }
        return outcome
    }

    func madeProgress(_ lease: Lease) async throws {
        lease.markNoted()
        let key = keys[.progress]
        _ = try await send(
            ["HSET", key, "\(lease.delivered.stream) \(lease.delivered.entry)", "1"], key: key, ifHeld: lease)
    }

    /// Runs a command, and completes the task with it if told to.
    ///
    /// It refuses without asking the server if the lease is known to be lost.
    func send(
        _ arguments: [String], key: String, ifHeld lease: Lease, completing: Bool = false
    ) async throws -> Reply {
        guard !arguments.isEmpty else { throw StreamKitError.invalidInput("A command needs at least its name.") }
        guard lease.ending == .none else { throw TaskLeaseLost(task: lease.task) }
        do {
            let reply = try await run(
                Self.runIfHeldScript, hold(lease) + [completing ? "\(lease.task)" : ""] + arguments, moreKeys: [key])
            if completing { _ = lease.end(.completed) }
            return reply
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            throw TaskLeaseLost(task: lease.task)
        }
    }
}
