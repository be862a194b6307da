/// Reads tasks for one worker, the most urgent first.
///
/// A read asks several streams in one go, without knowing which of them have tasks, and never for more than there are
/// free places. So most places go to the *busy* stream, the most urgent one that had tasks lately. Each more urgent
/// stream is asked for one task: if it has any, it is the busy one from then on. Less urgent streams are asked once all
/// of these are empty, and now and then, so that they do not starve.
struct TaskReader {
    /// Every this many reads it is the turn of the less urgent streams: each of them is asked for one task, too.
    private static let readsPerTurn = 16

    let calls: QueueCalls
    let consumer: String
    /// The generation of the group that tasks are expected from.
    let generation: Int
    private var busy = QueueStream.resumed
    private var reads = 0

    init(_ calls: QueueCalls, consumer: String, generation: Int) {
        self.calls = calls
        self.consumer = consumer
        self.generation = generation
    }

    /// Takes tasks that wait, at most one per free place, and does not wait for new ones.
    ///
    /// - Returns: nothing only if no stream has a task.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the group is another one than it was: then nobody knows
    ///   which of the two delivered a task.
    mutating func read(_ places: Int) async throws -> [DeliveredTask] {
        reads += 1
        let turn = reads.isMultiple(of: Self.readsPerTurn) ? reads / Self.readsPerTurn : nil
        for shares in Self.shares(of: places, busy: busy, turn: turn) {
            let tasks = try await calls.take(shares, by: consumer, generation: generation)
            guard let first = tasks.first else { continue }
            if turn == nil { busy = first.stream }
            return tasks
        }
        return []
    }

    /// What to ask for in one go, and what next while that brings nothing.
    ///
    /// - Parameters:
    ///   - places: How many tasks to ask for at most.
    ///   - busy: The stream that most of them are asked of.
    ///   - turn: Which turn of the less urgent streams this is, if it is one.
    /// - Returns: Rounds, each with the most urgent stream first.
    static func shares(
        of places: Int, busy: QueueStream, turn: Int?
    ) -> [[(stream: QueueStream, limit: Int)]] {
        let streams = QueueStream.allCases
        let together = turn == nil ? streams.prefix { $0 != busy } + [busy] : streams[...]
        guard places >= together.count else {
            guard let turn else { return streams.map { [($0, places)] } }
            // Each but the most urgent one is the first to be asked in its turn.
            let first = 1 + turn % (streams.count - 1)
            return (streams[first...] + streams[..<first]).map { [($0, 1)] }
        }
        let first = together.map { ($0, $0 == busy ? places - together.count + 1 : 1) }
        return [first] + streams.filter { !together.contains($0) }.map { [($0, places)] }
    }

    /// Waits for the next tasks of any stream, a few seconds at most.
    ///
    /// The reply may bring the limit from every stream, so each stream is asked for only a share of the places. With
    /// fewer places than streams it may bring more tasks than there are places.
    ///
    /// - Throws: As ``read(_:)``.
    func wait(_ places: Int) async throws -> [DeliveredTask] {
        // It does not wait forever, because a dead connection might go unnoticed.
        let tasks = try await calls.awaitTasks(Self.share(of: places), by: consumer, atMost: .seconds(5))
        // They may come from a group that was created while it waited.
        if !tasks.isEmpty { _ = try await calls.take([], by: consumer, generation: generation) }
        return tasks
    }

    /// How many tasks a wait takes of one stream at most.
    static func share(of places: Int) -> Int { max(places / QueueStream.allCases.count, 1) }
}
