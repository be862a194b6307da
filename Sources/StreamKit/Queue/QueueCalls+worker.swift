// These calls are for a worker: its group, its leases, and what others left behind.
extension QueueCalls {
    /// What a sweep found and did.
    struct Sweep: Sendable {
        /// When the next delayed task is due, if one waits.
        var nextDue: Duration?
        var generation: Int
        /// How many running tasks were ever cancelled.
        var cancels: Int
        /// Tasks whose worker stopped renewing its lease, and who that was.
        var freed: [(task: StreamID, worker: String)] = []
        /// Tasks that were given up, and why.
        var buried: [(task: String, reason: String)] = []
        /// Keys of the queue that held another type and were removed.
        var repaired: [String] = []
    }

    /// Creates the group where it is missing.
    /// - Returns: The generation: how often that has happened.
    func prepare(knownGeneration: Int) async throws -> Int {
        let reply = try await run(QueueScript.prepare, [group, String(knownGeneration)])
        guard let generation = reply.integer, Self.generations.contains(generation) else {
            throw unexpected("The preparation", reply)
        }
        return generation
    }

    /// Renews leases of one generation; at most some hundreds in one step.
    /// - Returns: Those that are not held any more.
    func renew(_ leases: [Lease], generation: Int, by consumer: String) async throws -> [Lease] {
        let reply = try await run(
            QueueScript.renew,
            [group, consumer, String(generation)]
                + leases.flatMap { [$0.delivered.stream.rawValue, "\($0.delivered.entry)"] })
        guard let places = reply.elements?.map(\.integer) else { throw unexpected("Renewing leases", reply) }
        return try places.map { place in
            guard let place, (1...leases.count).contains(place) else { throw unexpected("Renewing leases", reply) }
            return leases[place - 1]
        }
    }

    /// Moves due tasks, frees dead workers' tasks, and tidies up.
    func sweep(knownGeneration: Int, by consumer: String, removingConsumers: Bool) async throws -> Sweep {
        let reply = try await run(
            QueueScript.sweep,
            [group, consumer, milliseconds(options.lease), String(max(options.maximumWorkerDeaths, 1))]
                + limitsOfDeadLetters
                + [
                    // This removes other libraries' consumers; this library's workers report that they are alive.
                    removingConsumers ? milliseconds(options.lease * 10) : "",
                    milliseconds(max(options.sweepInterval * 3, .seconds(3))), String(knownGeneration),
                ])
        guard let parts = reply.elements, parts.count == 6, let wait = parts[0].integer,
            let generation = parts[1].integer, Self.generations.contains(generation)
        else { throw unexpected("A sweep", reply) }
        var sweep = Sweep(
            nextDue: wait < 0 ? nil : .milliseconds(min(wait, 3_600_000)), generation: generation,
            cancels: parts[2].integer ?? 0)
        sweep.freed = pairs(parts[3]).map { (StreamID($0) ?? .zero, $1) }
        sweep.buried = pairs(parts[4]).map { ($0, $1) }
        sweep.repaired = (parts[5].elements ?? []).compactMap(\.text)
        return sweep
    }

    private func pairs(_ reply: Reply) -> [(String, String)] {
        (reply.elements ?? []).compactMap { pair in
            guard let both = pair.elements, both.count == 2, let first = both[0].text, let last = both[1].text
            else { return nil }
            return (first, last)
        }
    }

    /// Gives back tasks that nobody began.
    func handBack(only tasks: [DeliveredTask], by consumer: String) async throws {
        _ = try await run(
            QueueScript.handBack,
            [group, consumer, "only"] + tasks.flatMap { [$0.stream.rawValue, "\($0.entry)"] })
    }

    /// Gives back what the consumer holds without knowing it, because a reply was lost.
    /// - Returns: How many tasks that were.
    func handBackUnknown(except leases: [Lease], by consumer: String) async throws -> Int {
        // The server may still deliver tasks to a broken connection, until it has closed it.
        try await redis.blocking.endLost(with: redis.shared)
        return try await run(
            QueueScript.handBack,
            [group, consumer, "unknown"]
                + leases.flatMap { [$0.delivered.stream.rawValue, "\($0.delivered.entry)"] }
        ).integer ?? 0
    }

    /// Gives back everything that the consumer holds, and removes it.
    func handBackAll(by consumer: String) async throws {
        _ = try await run(QueueScript.handBack, [group, consumer, "all"])
    }
}
