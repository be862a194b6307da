/// Reads tasks for one worker, the most urgent first.
struct TaskReader {
    /// In every so many reads, one task of each stream that would come later goes first.
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

    /// Forgets what was heard of the queue, because the group may have been created again.
    mutating func start(at generation: Int) {
        self.generation = max(self.generation, generation)
        snapshot = nil
    }

    /// Takes what waits, at most one task per place, without waiting for any to come.
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
    /// The reply may bring as many of each stream, so each is asked for a part of the places only.
    func wait(_ places: Int) async throws -> Arrivals {
        let start = ContinuousClock.now
        // Not forever, because a connection may be dead without anybody saying so.
        let arrivals = try await GroupConsumer.readTogether(
            consumers.map(\.consumer), limit: max(places / consumers.count, 1), wait: .seconds(5))
        // Asked again at once, it would keep a whole processor busy.
        if arrivals.isEmpty, ContinuousClock.now - start < .milliseconds(100) {
            throw StreamKitError.unexpectedReply("XREADGROUP BLOCK answered with nothing and did not wait.")
        }
        return arrivals
    }

    typealias Arrivals = [(consumer: GroupConsumer, entries: [StreamEntry])]

    /// The tasks that a wait has brought; which group delivered them is asked now.
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

    /// Takes in a snapshot that was taken right after a read.
    ///
    /// - Returns: The generation of the group that delivered what was read; `nil` if the group was created again since
    ///   the last snapshot, because nobody knows then which of the two it was.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if it has fallen, because somebody deleted the queue's keys.
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
