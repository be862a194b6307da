/// Reads tasks for one worker, the most urgent first.
struct TaskReader {
    typealias Arrivals = [(consumer: GroupConsumer, entries: [StreamEntry])]

    /// In one of this many reads, one task of each less urgent stream goes first.
    private static let turnOfTheOthers = 16

    let calls: QueueCalls
    let consumer: String
    /// The generation of the group that tasks are expected from.
    let generation: Int
    private let consumers: [(stream: QueueStream, consumer: GroupConsumer)]
    private var reads = 0

    init(_ calls: QueueCalls, consumer: String, generation: Int) {
        self.calls = calls
        self.consumer = consumer
        self.generation = generation
        consumers = QueueStream.allCases.map { stream in
            (stream, calls.redis.stream(calls.keys[of: stream]).group(calls.group).consumer(consumer))
        }
    }

    /// Takes tasks that wait, at most one per free place, and does not wait for new ones.
    ///
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the group is another one than it was: then nobody knows
    ///   which of the two delivered a task.
    mutating func read(_ places: Int) async throws -> [DeliveredTask] {
        reads += 1
        let taken = try await calls.take(
            places, by: consumer, lessUrgentFirst: reads.isMultiple(of: Self.turnOfTheOthers))
        guard taken.generation == generation else {
            throw StreamKitError.unexpectedReply(
                "The group of queue '\(calls.keys.normal)' was created again: its generation was \(generation) and is "
                    + "\(taken.generation).")
        }
        return taken.tasks
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

    /// The tasks that a wait has brought, and those that came meanwhile.
    ///
    /// - Throws: As ``read(_:)``.
    mutating func tasks(in arrivals: Arrivals, _ places: Int) async throws -> [DeliveredTask] {
        guard !arrivals.isEmpty else { return [] }
        let tasks = arrivals.flatMap { arrival in
            let stream = consumers.first { $0.consumer === arrival.consumer }?.stream ?? .normal
            return arrival.entries.map { DeliveredTask($0, stream: stream) }
        }
        return tasks + (try await read(max(places - tasks.count, 0)))
    }
}
