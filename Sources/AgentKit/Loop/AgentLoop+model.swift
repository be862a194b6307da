import AgentRuns
import StreamKit

extension AgentLoop {
    /// One turn of the model: from the log if it is there to its end, else from the model.
    func model(_ turn: Int, _ messages: [ChatMessage]) async throws -> FinishedTurn {
        if let known = checkpoint.turns[turn] { return known }
        try await writer.append(.progress, data: Progress(status: "asking_model", turn: turn).json.text)
        let said = try await withModelSpan {
            let said = try await listen(to: agent.model.respond(to: messages, tools: agent.tools))
            // A cancelled stream just ends; half an answer must not pass for a whole one.
            try Task.checkCancellation()
            return said
        }
        let end = ModelTurn(
            turn: turn, model: agent.model.name, characters: said.text.count, toolCalls: said.calls,
            usage: said.usage)
        try await writer.checkpoint(.llmResponse, data: end.json.text)
        return said
    }

    /// Hears a turn to its end and writes it down meanwhile.
    ///
    /// While an entry is on its way to Redis the model goes on speaking, and what it says leaves with the next one.
    private func listen(to deltas: AsyncThrowingStream<ChatDelta, any Error>) async throws -> FinishedTurn {
        let unwritten = UnwrittenDeltas()
        return try await withThrowingTaskGroup(of: Result<FinishedTurn, any Error>?.self) { group in
            group.addTask {
                // What was said before a failure is written all the same.
                defer { unwritten.finish() }
                return await hear(deltas) { unwritten.add($0) }
            }
            group.addTask {
                try await unwritten.forEach { try await write($0) }
                return nil
            }
            var said = Result<FinishedTurn, any Error>.success(FinishedTurn())
            for try await result in group { said = result ?? said }
            return try said.get()
        }
    }

    private func hear(
        _ deltas: AsyncThrowingStream<ChatDelta, any Error>, _ body: (ChatDelta) -> Void
    ) async -> Result<FinishedTurn, any Error> {
        var said = FinishedTurn()
        do {
            for try await delta in deltas {
                said.add(delta)
                body(delta)
            }
            return .success(said)
        } catch {
            return .failure(error)
        }
    }

    private func write(_ delta: ChatDelta) async throws {
        switch delta {
        case .text(let text): try await writer.append(.text, text: text)
        case .notice(let notice): try await writer.append(.progress, data: SortedJSON.text(of: notice))
        case .toolCall, .usage: break
        }
        await tell { try await $0.onUpdate(delta, $1) }
    }
}
