import AgentRuns

extension AgentLoop {
    /// What was said before, summed up first if it has grown too long.
    ///
    /// The summary is an event of the log, so neither a later attempt nor a later run has to ask for it again.
    func earlierMessages(_ total: inout RunTotal) async throws -> [ChatMessage] {
        let messages = checkpoint.earlierMessages
        let size = messages.reduce(0) { $0 + $1.text.count }
        guard size > limits.history, !checkpoint.isSummedUp else { return messages }
        let request: [ChatMessage] = [
            .system(HistorySummary.instructions), .user(HistorySummary.transcript(of: messages, limit: limits.history)),
        ]
        let said = try await withModelSpan {
            var said = FinishedTurn()
            for try await delta in agent.model.respond(to: request, tools: []) { said.add(delta) }
            try Task.checkCancellation()
            return said
        }
        total.add(said.usage)
        let summary = HistorySummary(
            summary: String(said.text.prefix(max(0, limits.history / 2))), throughRun: writer.run - 1,
            usage: said.usage)
        try await writer.checkpoint(.historySummary, data: summary.json.text)
        return [summary.message]
    }
}
