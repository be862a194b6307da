// How a worker that has nothing to do waits for tasks to come.
extension TaskQueueWorker {
    /// Waits for the next tasks of any priority.
    ///
    /// The reply may bring as many of each, so each is asked for a third of the places; what is too many after
    /// all is handed back.
    func waitForTasks(free: Int, _ generation: Int) async -> Result<Reply, any Error> {
        let limit = max(free / 3, 1)
        // Not for ever, because a connection may be dead without anybody saying so.
        let wait = Duration.seconds(5)
        do {
            let lateReplyHandler: @Sendable (Reply) -> Void = { [self] in arrive(with: $0, generation) }
            let reply = try await redis.executeBlocking(wait: .atMost(wait), lateReplyHandler: lateReplyHandler) {
                buffer in
                beginRead(words: 15, limit: limit, in: &buffer)
                buffer.word("BLOCK")
                buffer.word(wait.wholeMilliseconds)
                buffer.word("STREAMS")
                for key in [keys.high, keys.normal, keys.low] { buffer.word(key) }
                for _ in 0..<3 { buffer.word(">") }
            }
            return .success(reply)
        } catch {
            return .failure(error)
        }
    }

    func ring(_ outcome: Result<Reply, any Error>, _ generation: Int) {
        switch outcome {
        case .success(let reply): arrive(with: reply, generation)
        // The loop may want to wait again.
        case .failure(is CancellationError): state.wake()
        case .failure(let error): state.report(error)
        }
    }

    private func arrive(with reply: Reply, _ generation: Int) {
        let tasks = (reply.elements ?? []).flatMap { part -> [DeliveredTask] in
            guard let pair = part.elements, pair.count == 2, let key = pair[0].text,
                let stream = QueuePriority.allCases.first(where: { keys.stream($0) == key })
            else { return [] }
            return ((try? StreamEntry.all(in: pair[1])) ?? []).map {
                DeliveredTask($0, stream: stream, generation: generation)
            }
        }
        state.arrive(tasks)
    }
}
