// These calls are for a worker: its group, the tasks it takes, its leases, and what others left behind.
extension QueueCalls {
    static let prepareScript = RedisScript(queue: PackageResources.prepare_lua)
    static let sweepScript = RedisScript(queue: PackageResources.sweep_lua)
    private static let renewScript = RedisScript(queue: PackageResources.renew_lua)
    private static let handBackScript = RedisScript(queue: PackageResources.hand_back_lua)

    /// Creates the group where it is missing.
    /// - Returns: The generation: how often that has happened.
    func prepare(knownGeneration: Int) async throws -> Int {
        let reply = try await run(Self.prepareScript, [group, String(knownGeneration)])
        guard let generation = reply.integer, Self.generations.contains(generation) else {
            throw unexpected("The preparation", reply)
        }
        return generation
    }

    /// Takes tasks that wait, of each stream up to its limit, in one round trip.
    ///
    /// It is a pipeline and not a script: passing an entry through Lua takes the server longer than delivering it.
    ///
    /// - Returns: the tasks, in the order of the streams asked.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the group is of another generation. The generation is asked
    ///   for last. It only grows, so if it is still the same, the group was not created again in between.
    func take(
        _ shares: [(stream: QueueStream, limit: Int)], by consumer: String, generation: Int
    ) async throws -> [DeliveredTask] {
        let replies = try await redis.pipeline { pipeline in
            for share in shares {
                pipeline.add { beginRead(&$0, [share.stream], limit: share.limit, wait: .no, by: consumer) }
            }
            pipeline.add("HGET", keys[.meta], "generation")
        }
        let tasks = try zip(shares, replies).flatMap { share, reply in
            try entries(in: try reply.get(), [share.stream])
        }
        guard let found = try replies.last?.get().text, Int(found) == generation else {
            throw StreamKitError.unexpectedReply(
                "The group of queue '\(keys.normal)' was created again: its generation is not \(generation) any more.")
        }
        return tasks
    }

    /// Waits for the next tasks of any stream, and takes of each up to the limit.
    func awaitTasks(_ limit: Int, by consumer: String, atMost wait: Duration) async throws -> [DeliveredTask] {
        try await redis.readInRounds(
            repeatable: false, wait: .atMost(wait), decode: { try entries(in: $0, QueueStream.allCases) }
        ) { buffer, round in
            beginRead(&buffer, QueueStream.allCases, limit: limit, wait: round, by: consumer)
        }
    }

    private func beginRead(
        _ buffer: inout ByteBuffer, _ streams: [QueueStream], limit: Int, wait: ReadWait, by consumer: String
    ) {
        buffer.beginGroupRead(group, consumer, ofStreams: streams.count, limit: limit, wait: wait)
        for stream in streams { buffer.argument(keys[of: stream]) }
        for _ in streams { buffer.argument(">") }
    }

    private func entries(in reply: Reply, _ streams: [QueueStream]) throws -> [DeliveredTask] {
        guard reply.isNull || reply.kind == .array else { throw unexpected("Taking tasks", reply) }
        if streams.count == 1 { return try reply.entriesOfOneStream().map { DeliveredTask($0, stream: streams[0]) } }
        let brought = try reply.entriesByStream()
        return streams.flatMap { stream in
            (brought[keys[of: stream]] ?? []).map { DeliveredTask($0, stream: stream) }
        }
    }

    /// Renews leases of one generation.
    /// - Returns: Those that are not held any more.
    func renew(_ leases: [Lease], generation: Int, by consumer: String) async throws -> [Lease] {
        let reply = try await run(Self.renewScript, [group, consumer, String(generation)] + entries(of: leases))
        guard let places = reply.elements?.map(\.integer) else { throw unexpected("Renewing leases", reply) }
        return try places.map { place in
            guard let place, (1...leases.count).contains(place) else { throw unexpected("Renewing leases", reply) }
            return leases[place - 1]
        }
    }

    /// What a sweep found and did.
    struct Sweep: Sendable {
        /// When the next delayed task is due, if one waits.
        let nextDue: Duration?
        let generation: Int
        /// Tasks whose worker stopped renewing its lease, and who that was.
        let freed: [(task: String, worker: String)]
        /// Tasks that were given up, and why.
        let buried: [(task: String, reason: String)]
    }

    /// Moves due tasks, frees dead workers' tasks, and tidies up.
    func sweep(knownGeneration: Int, by consumer: String) async throws -> Sweep {
        let reply = try await run(
            Self.sweepScript,
            [group, consumer, milliseconds(options.lease), String(max(options.maximumWorkerDeaths, 1))]
                + limitsOfDeadLetters
                + [milliseconds(max(options.sweepInterval * 3, .seconds(3))), String(knownGeneration)])
        guard let parts = reply.elements, parts.count == 4, let wait = parts[0].integer,
            let generation = parts[1].integer, Self.generations.contains(generation)
        else { throw unexpected("A sweep", reply) }
        return Sweep(
            nextDue: wait < 0 ? nil : .milliseconds(min(wait, 3_600_000)), generation: generation,
            freed: pairs(parts[2]), buried: pairs(parts[3]))
    }

    private func pairs(_ reply: Reply) -> [(String, String)] {
        (reply.elements ?? []).compactMap { pair in
            guard let both = pair.elements, both.count == 2, let first = both[0].text, let last = both[1].text
            else { return nil }
            return (first, last)
        }
    }

    /// Gives back what the consumer holds without working on it, because a reply was lost or brought too much, or
    /// because it gave up the lease by its own clock.
    ///
    /// - Parameters:
    ///   - leases: what it works on.
    ///   - lost: what it began and gave up; a task that is in neither list was not begun.
    ///   - consumer: the worker's name.
    /// - Returns: How many tasks that were.
    /// - Throws: A ``StreamKitError`` if the server cannot be reached or refuses.
    func handBackUnknown(except leases: [Lease], lost: [Lease], by consumer: String) async throws -> Int {
        // The server may still deliver tasks to a broken connection, until it has closed it.
        try await redis.endLostReaders()
        let known = leases.map { ($0.delivered, "running") } + lost.map { ($0.delivered, "lost") }
        let words = known.flatMap { task, what in [task.stream.rawValue, "\(task.entry)", what] }
        let reply = try await run(Self.handBackScript, [group, consumer, "unknown"] + words)
        return reply.integer ?? 0
    }

    /// Gives back everything that the consumer holds, and removes it.
    func handBackAll(by consumer: String) async throws {
        // The server may still deliver tasks to a read that was just cancelled.
        try await redis.endLostReaders()
        _ = try await run(Self.handBackScript, [group, consumer, "all"])
    }

    private func entries(of leases: [Lease]) -> [String] {
        leases.flatMap { [$0.delivered.stream.rawValue, "\($0.delivered.entry)"] }
    }
}
