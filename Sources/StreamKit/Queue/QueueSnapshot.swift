/// What the server said about a queue as a whole, at one moment.
struct QueueSnapshot: Sendable {
    /// How often the group had been created.
    let generation: Int
    /// Entries that wait or run.
    let resumed: Int
    let high: Int
    let low: Int
    let seen = ContinuousClock.now

    /// Whether the snapshot is too old to say which task goes first.
    var isStale: Bool { ContinuousClock.now - seen > .milliseconds(20) }

    func mayHoldTasks(_ stream: QueueStream) -> Bool {
        switch stream {
        case .resumed: resumed > 0
        case .high: high > 0
        case .normal: true
        case .low: low > 0
        }
    }
}

extension QueueCalls {
    /// Adds the questions that a snapshot answers.
    func addSnapshot(to pipeline: inout Pipeline) {
        pipeline.add("HGET", keys.meta, "generation")
        for key in [keys.resumed, keys.high, keys.low] { pipeline.add("XLEN", key) }
    }

    /// The snapshot in the replies to these questions.
    func snapshot(in replies: some Collection<Result<Reply, StreamKitError>>) throws -> QueueSnapshot {
        let replies = try replies.map { try $0.get() }
        guard replies.count == 4 else { throw StreamKitError.unexpectedReply("Redis left a question unanswered.") }
        let generation = replies[0].isNull ? 1 : replies[0].integer ?? 0
        guard QueueCalls.generations.contains(generation) else {
            throw StreamKitError.unexpectedReply(
                "Key '\(keys.meta)' has the generation \(replies[0].text ?? "?"), which is not one.")
        }
        return QueueSnapshot(
            generation: generation, resumed: try replies[1].count("XLEN"), high: try replies[2].count("XLEN"),
            low: try replies[3].count("XLEN"))
    }
}
