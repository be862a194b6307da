import AgentRuns
import Foundation
import StreamKit

/// The loop of one run: ask the model, use the tools it wants, ask again, until it has nothing more to ask.
///
/// Everything goes into the run's log before the next thing happens, so the log is also the checkpoint: what an
/// earlier attempt finished is read from there and not done again.
struct AgentLoop {
    let agent: any Agent
    let writer: RunWriter
    let checkpoint: RunCheckpoint

    /// A model that still asks for tools after this many turns is going in circles.
    static let maximumTurns = 8

    func run() async throws {
        if !checkpoint.hasAnything { try await announce() }
        var messages = [.system(agent.instructions)] + checkpoint.earlierMessages + [.user(writer.request.message)]
        var toolCount = 0
        for turn in 1...Self.maximumTurns {
            let (said, calls) = try await model(turn, messages)
            messages.append(.assistant(said, toolCalls: calls))
            guard !calls.isEmpty else {
                try await writer.append(.progress, data: Progress(status: "finished", turn: turn).json.text)
                try await writer.complete(data: Completed(turns: turn, toolCalls: toolCount).json.text)
                return
            }
            for (place, call) in calls.enumerated() {
                messages.append(.tool(callID: call.id, result: try await use(call, turn, place)))
            }
            toolCount += calls.count
            try await think(after: calls, turn)
        }
        throw RunFailure("The agent did not come to an answer within \(Self.maximumTurns) turns.")
    }

    private func announce() async throws {
        let thought = Thought(
            step: "analyzing_task", thought: "I read the request and decide what I need to know.",
            prompt: writer.request.message)
        try await writer.append(.chainOfThought, data: thought.json.text)
    }

    /// One turn of the model: from the log if it is there to its end, else from the model.
    private func model(_ turn: Int, _ messages: [ChatMessage]) async throws -> (String, [ToolCall]) {
        if let known = checkpoint.turns[turn] { return known }
        try await writer.append(.progress, data: Progress(status: "asking_model", turn: turn).json.text)
        var said = ""
        var calls: [ToolCall] = []
        var usage: TokenUsage?
        for try await delta in agent.model.respond(to: messages, tools: agent.tools) {
            switch delta {
            case .text(let chunk):
                said += chunk
                try await writer.append(.text, text: chunk)
            case .toolCall(let call):
                calls.append(call)
            case .usage(let spent):
                usage = spent
            case .notice(let notice):
                try await writer.append(.progress, encoding: notice)
            }
        }
        // A cancelled stream just ends; half an answer must not pass for a whole one.
        try Task.checkCancellation()
        let end = ModelTurn(
            turn: turn, model: agent.model.name, characters: said.count, toolCalls: calls, usage: usage)
        try await writer.checkpoint(.llmResponse, data: end.json.text)
        return (said, calls)
    }

    /// One call of a tool: from the log if its result is there, else by the tool.
    private func use(_ call: ToolCall, _ turn: Int, _ place: Int) async throws -> JSONValue {
        if let known = checkpoint.results[RunCheckpoint.Place(turn: turn, call: place)] { return known }
        var usage = ToolUse(
            turn: turn, call: place, callID: call.id, tool: call.name, action: "call", arguments: call.arguments)
        try await writer.append(.toolUsage, data: usage.json.text)
        usage.action = "result"
        do {
            let result = try await tool(named: call.name).call(call.arguments)
            (usage.status, usage.result) = ("completed", result)
        } catch let error as ToolError {
            (usage.status, usage.result) = ("failed", ["error": .string(error.description)])
        }
        try await writer.checkpoint(.toolUsage, data: usage.json.text)
        return usage.result ?? .null
    }

    private func tool(named name: String) throws -> any Tool {
        guard let tool = agent.tools.first(where: { $0.name == name }) else {
            throw ToolError(
                "There is no tool '\(name)'. There are: \(agent.tools.map(\.name).joined(separator: ", ")).")
        }
        return tool
    }

    private func think(after calls: [ToolCall], _ turn: Int) async throws {
        guard checkpoint.turns[turn + 1] == nil, !checkpoint.evaluated.contains(turn) else { return }
        let names = calls.map(\.name).joined(separator: " and ")
        let thought = Thought(step: "evaluating_results", thought: "I have what \(names) told me.", turn: turn)
        try await writer.append(.chainOfThought, data: thought.json.text)
    }
}
