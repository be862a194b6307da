// These calls act for an attempt, and only if its worker still holds the task.
extension QueueCalls {
    /// What became of a task whose attempt failed.
    enum Failed: Int, Sendable { case notHeld, again, buried }

    func hold(_ lease: Lease) -> [String] {
        let delivered = lease.delivered
        return [
            delivered.stream.rawValue, group, lease.consumer, "\(delivered.entry)", String(lease.generation),
        ]
    }

    /// Completes tasks of one stream and generation; at most some hundreds in one step.
    ///
    /// - Returns: The entries that were not held any more.
    func settle(
        _ finished: [(lease: Lease, result: String?)], of stream: QueueStream, generation: Int, by consumer: String,
        concurrency: Int
    ) async throws -> Set<String> {
        let finished = finished.sorted { $0.lease.delivered.entry < $1.lease.delivered.entry }
        var arguments = [
            stream.rawValue, group, consumer, String(generation), String(concurrency),
            String(max(options.maximumResults, 0)), milliseconds(options.resultRetention), String(finished.count),
        ]
        arguments.reserveCapacity(arguments.count + finished.count)
        for (lease, _) in finished { arguments.append("\(lease.delivered.entry)") }
        for (index, (lease, result)) in finished.enumerated() where !lease.isPlain || result != nil {
            arguments += [String(index + 1), "\(lease.task)", result.map { "=" + $0 } ?? ""]
        }
        let reply = try await run(QueueScript.settle, arguments)
        guard let refused = reply.elements else { throw unexpected("Completing tasks", reply) }
        return Set(refused.compactMap(\.text))
    }

    /// Ends an attempt that failed.
    func fail(_ lease: Lease, error: String, reason: DeadLetter.Reason?, delay: Duration) async throws -> Failed {
        let reply = try await run(
            QueueScript.fail,
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
        try await checked(lease) {
            lease.markNoted()
            return try await run(QueueScript.madeProgress, hold(lease))
        }
    }

    func send(_ arguments: [String], key: String, ifHeld lease: Lease) async throws -> Reply {
        let isLarge = try isLarge(arguments, key: key)
        return try await checked(lease) {
            guard !isLarge else { return try await appendLarge(arguments, to: key, for: lease, completing: false) }
            return try await run(QueueScript.sendIfHeld, hold(lease) + arguments, moreKeys: [key])
        }
    }

    func complete(_ lease: Lease, sending arguments: [String], key: String) async throws -> Reply {
        let isLarge = try isLarge(arguments, key: key)
        let reply = try await checked(lease) {
            guard !isLarge else { return try await appendLarge(arguments, to: key, for: lease, completing: true) }
            return try await run(QueueScript.completeWith, hold(lease) + ["\(lease.task)"] + arguments, moreKeys: [key])
        }
        _ = lease.end(.completed)
        return reply
    }

    /// Refuses without asking the server if the lease is known to be lost, and notes it if the server refuses.
    @discardableResult
    private func checked(_ lease: Lease, _ step: () async throws -> Reply) async throws -> Reply {
        guard lease.ending == .none else { throw TaskLeaseLost(task: lease.task) }
        do {
            return try await step()
        } catch StreamKitError.server(let error) where error.isLeaseLoss {
            throw TaskLeaseLost(task: lease.task)
        }
    }
}
