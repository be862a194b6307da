import AgentRuns
import Logging

/// The loop of one run: ask the model, use the tools it wants, ask again, until it has nothing more to ask.
///
/// Everything goes into the run's log before the next thing happens, so the log is also the checkpoint: what an
/// earlier attempt finished is read from there and not done again.
struct AgentLoop: Sendable {
    let agent: any Agent
    let writer: RunWriter
    let checkpoint: RunCheckpoint
    let limits: AgentLimits

    init(agent: any Agent, writer: RunWriter, checkpoint: RunCheckpoint) {
        self.agent = agent
        self.writer = writer
        self.checkpoint = checkpoint
        limits = agent.limits
    }

    func run() async throws {
        do {
            try await withTimeLimit(max(.zero, limits.time - checkpoint.elapsed), on: limits.clock) {
                try await takeTurns()
            }
        } catch is TimeLimitReached {
            throw RunFailure("The answer took longer than \(limits.time), so it was stopped.")
        }
    }

    private func takeTurns() async throws {
        if !checkpoint.hasAnything { try await announce() }
        var total = RunTotal()
        total.add(checkpoint.summaryUsage)
        let earlier = try await earlierMessages(&total)
        var messages = [.system(agent.instructions)] + earlier + [.user(writer.request.message)]
        for turn in 1...max(1, limits.turns) {
            let said = try await model(turn, messages)
            messages.append(.assistant(said.text, toolCalls: said.calls))
            total.add(said)
            guard !said.calls.isEmpty else { return try await finish(total) }
            try checkTokens(total)
            let results = try await use(said.calls, in: turn)
            messages += zip(said.calls, results).map { .tool(callID: $0.id, result: $1) }
            try await think(after: said.calls, turn)
        }
        throw RunFailure("The agent did not come to an answer within \(limits.turns) turns.")
    }

    private func announce() async throws {
        let thought = Thought(
            step: "analyzing_task", thought: "I read the request and decide what I need to know.",
            prompt: writer.request.message)
        try await writer.append(.chainOfThought, data: thought.json.text)
    }

    private func think(after calls: [ToolCall], _ turn: Int) async throws {
        guard checkpoint.turns[turn + 1] == nil, !checkpoint.evaluated.contains(turn) else { return }
        var seen: Set<String> = []
        let names = calls.map(\.name).filter { seen.insert($0).inserted }.joined(separator: " and ")
        let thought = Thought(step: "evaluating_results", thought: "I have what \(names) told me.", turn: turn)
        try await writer.append(.chainOfThought, data: thought.json.text)
    }

    private func checkTokens(_ total: RunTotal) throws {
        guard let spent = total.usage.map({ $0.input + $0.output }), spent > limits.tokens else { return }
        throw RunFailure(
            "The run used \(spent) tokens, more than its limit of \(limits.tokens), and was stopped.")
    }

    private func finish(_ total: RunTotal) async throws {
        try await writer.append(.progress, data: Progress(status: "finished", turn: total.turns).json.text)
        try await writer.complete(data: total.json.text)
        let response = AgentResponse(text: total.text, turns: total.turns, usage: total.usage)
        await tell { try await $0.onResponse(response, $1) }
    }

    /// Tells every callback; what one of them throws is its own affair.
    func tell(_ body: (any AgentCallback, AgentContext) async throws -> Void) async {
        let context = AgentContext(
            agent: agent.name, conversationID: writer.request.conversationID,
            correlationID: writer.request.correlationID, attempt: writer.attempt)
        for callback in agent.callbacks {
            do {
                try await body(callback, context)
            } catch {
                Logger(label: "AgentKit").warning(
                    "a callback of \(agent.name) failed; the run goes on",
                    metadata: ["callback": "\(type(of: callback))", "error": "\(error)"])
            }
        }
    }
}
