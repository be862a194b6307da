/// Reads tasks for one worker, the most urgent first.
struct TaskReader {
    /// In one of this many reads, one task of each less urgent stream goes first.
    private static let turnOfTheOthers = 16

    let calls: QueueCalls
    let consumers: [(stream: QueueStream, consumer: GroupConsumer)]
    private(set) var generation: Int
    private var snapshot: QueueSnapshot?
    private var reads = 0

    init(_ calls: QueueCalls, consumer: String, generation: Int) {
        self.calls = calls
        self.generation = generation
        consumers = QueueStream.allCases.map { stream in
            (stream, calls.redis.stream(calls.keys.key(of: stream)).group(calls.group).consumer(consumer))
        }
    }

    /// Forgets what is known about the queue, because the group may have been created again.
    mutating func start(at generation: Int) {
        self.generation = max(self.generation, generation)
        snapshot = nil
    }

    /// Takes tasks that wait, at most one per free place, and does not wait for new ones.
    mutating func read(_ places: Int) async throws -> [DeliveredTask] {
        let seen = try await freshSnapshot()
        var tasks: [DeliveredTask] = []
        reads += 1
        if reads.isMultiple(of: Self.turnOfTheOthers) {
            for stream in seen.neglected where tasks.count < places { tasks += try await read(stream, limit: 1) }
        }
        for (stream, _) in consumers where tasks.count < places && seen.mayHoldTasks(stream) {
            tasks += try await read(stream, limit: places - tasks.count)
        }
        return tasks
    }

    /// Waits for the next tasks of any stream, a few seconds at most.
    ///
    /// The reply may bring the limit from every stream, so each stream is asked for only a share of the places.
    func wait(_ places: Int) async throws -> Arrivals {
        let start = ContinuousClock.now
        // It does not wait forever, because a dead connection might go unnoticed.
        let arrivals = try await GroupConsumer.readTogether(
            consumers.map(\.consumer), limit: max(places / consumers.count, 1), wait: .seconds(5))
        // A server that does not wait, asked again at once, would keep a whole processor busy.
        if arrivals.isEmpty, ContinuousClock.now - start < .milliseconds(100) {
            throw StreamKitError.unexpectedReply("XREADGROUP BLOCK answered with nothing and did not wait.")
        }
        return arrivals
    }

    typealias Arrivals = [(consumer: GroupConsumer, entries: [StreamEntry])]

    /// The tasks that a wait has brought; it asks now which group delivered them.
    mutating func tasks(in arrivals: Arrivals) async throws -> [DeliveredTask] {
        guard !arrivals.isEmpty else { return [] }
        let replies = try await calls.redis.pipeline { calls.addSnapshot(to: &$0) }
        let generation = try note(calls.snapshot(in: replies))
        return arrivals.flatMap { arrival in
            let stream = consumers.first { $0.consumer === arrival.consumer }?.stream ?? .normal
            return arrival.entries.map { DeliveredTask($0, stream: stream, generation: generation) }
        }
    }

    private mutating func read(_ stream: QueueStream, limit: Int) async throws -> [DeliveredTask] {
        guard let consumer = consumers.first(where: { $0.stream == stream })?.consumer else { return [] }
        let replies = try await calls.redis.pipeline { pipeline in
            consumer.addRead(limit: limit, to: &pipeline)
            calls.addSnapshot(to: &pipeline)
        }
        let entries = try GroupConsumer.entries(in: replies[0].get())
        let generation = try note(calls.snapshot(in: replies.dropFirst()))
        return entries.map { DeliveredTask($0, stream: stream, generation: generation) }
    }

    private mutating func freshSnapshot() async throws -> QueueSnapshot {
        if let snapshot, !snapshot.isStale { return snapshot }
        let replies = try await calls.redis.pipeline { calls.addSnapshot(to: &$0) }
        let snapshot = try calls.snapshot(in: replies)
        _ = try note(snapshot)
        return snapshot
    }

    /// Records a snapshot that was taken right after a read.
    ///
    /// - Returns: The generation of the group that delivered what was read; `nil` if the group was created again since
    ///   the last snapshot, because then nobody knows which of the two it was.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the generation has fallen, because somebody
    ///   deleted the queue's keys.
    private mutating func note(_ snapshot: QueueSnapshot) throws -> Int? {
        guard snapshot.generation >= generation else {
            throw StreamKitError.unexpectedReply(
                "The generation of queue '\(calls.keys.normal)' fell from \(generation) to \(snapshot.generation).")
        }
        defer { generation = max(generation, snapshot.generation) }
        self.snapshot = snapshot
        return snapshot.generation == generation ? generation : nil
    }
}

extension QueueSnapshot {
    /// The streams that a steady flow of more urgent tasks would keep waiting.
    fileprivate var neglected: [QueueStream] {
        (low > 0 ? [.low] : []) + (high > 0 || resumed > 0 ? [.normal] : [])
    }
}
