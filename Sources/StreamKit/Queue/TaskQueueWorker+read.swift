// How a worker asks for tasks, as one that has something else to do: without waiting for any to come.
extension TaskQueueWorker {
    /// High before normal before low, each only as far as there are places left.
    func readByPriority(_ places: Int) async throws -> [DeliveredTask] {
        let seen = view.lengths
        var got: [DeliveredTask] = []
        do {
            if seen.high > 0 { got += try await read(.high, limit: places) }
            if got.count < places { got += try await read(.normal, limit: places - got.count) }
            if got.count < places, seen.low > 0 { got += try await read(.low, limit: places - got.count) }
        } catch {
            if got.isEmpty { throw error }
            state.report(error)
        }
        return got
    }

    private func read(_ stream: QueuePriority, limit: Int) async throws -> [DeliveredTask] {
        let generation = view.generation
        let replies = try await redis.pipeline { addRead(stream, limit: limit, to: &$0) }
        return try delivered(replies[...], stream, atLeast: generation)
    }

    /// The tasks in a read's two replies.
    ///
    /// The group that delivered them was made not before this worker last heard of a new one, and not after
    /// what the second reply says.
    func delivered(
        _ replies: ArraySlice<Result<Reply, StreamKitError>>, _ stream: QueuePriority, atLeast generation: Int
    ) throws -> [DeliveredTask] {
        let reply = try replies[replies.startIndex].get()
        guard let entries = reply.elements?.first?.elements?.last else { return [] }
        let latest = try replies[replies.startIndex + 1].get().text.flatMap { Int($0) }
        view.generation = latest ?? 1
        let sure = latest ?? 1 == generation ? generation : DeliveredTask.unknownGeneration
        return try StreamEntry.all(in: entries).map { DeliveredTask($0, stream: stream, generation: sure) }
    }

    /// A read, and right behind it the question how often the group has been made.
    func addRead(_ stream: QueuePriority, limit: Int, to pipeline: inout Pipeline) {
        pipeline.add { buffer in
            beginRead(words: 9, limit: limit, in: &buffer)
            buffer.word("STREAMS")
            buffer.word(keys.stream(stream))
            buffer.word(">")
        }
        pipeline.add { buffer in
            buffer.beginCommand("HGET", words: 3)
            buffer.word(keys.meta)
            buffer.word("generation")
        }
    }

    /// `XREADGROUP GROUP … COUNT …`, which every read of this worker begins with.
    func beginRead(words: Int, limit: Int, in buffer: inout ByteBuffer) {
        buffer.beginCommand("XREADGROUP", words: words)
        buffer.word("GROUP")
        buffer.word(queue.group)
        buffer.word(consumer)
        buffer.word("COUNT")
        buffer.word(limit)
    }
}
