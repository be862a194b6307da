import Foundation

// The `data` of the events that an agent writes, one type per event. They are written and read as JSON values, because
// Foundation's coders would change the digits of numbers.

struct Thought: Sendable {
    var step: String
    var thought: String
    var prompt: String?
    var turn: Int?

    var json: JSONValue {
        .object(present: [
            "step": .string(step), "thought": .string(thought), "prompt": prompt.map(JSONValue.string),
            "turn": turn.map { JSONValue($0) },
        ])
    }
}

struct Progress: Sendable {
    var status: String
    var turn: Int

    var json: JSONValue { ["status": .string(status), "turn": JSONValue(turn)] }
}

struct ModelTurn: Sendable {
    var turn: Int
    var model: String
    var characters: Int
    var toolCalls: [ToolCall]
    var usage: TokenUsage?

    var json: JSONValue {
        .object(present: [
            "turn": JSONValue(turn), "model": .string(model), "characters": JSONValue(characters),
            "tool_calls": .array(toolCalls.map(\.json)), "usage": usage.flatMap { try? JSONValue(encoding: $0) },
        ])
    }

    init(turn: Int, model: String, characters: Int, toolCalls: [ToolCall], usage: TokenUsage?) {
        self.turn = turn
        self.model = model
        self.characters = characters
        self.toolCalls = toolCalls
        self.usage = usage
    }

    /// What a later attempt needs of a turn: its number, its calls and its cost.
    init?(_ json: JSONValue) {
        guard let turn = json["turn"]?.integer, let list = json["tool_calls"]?.array else { return nil }
        let calls = list.compactMap(ToolCall.init)
        guard calls.count == list.count else { return nil }
        self.init(
            turn: turn, model: json["model"]?.string ?? "", characters: json["characters"]?.integer ?? 0,
            toolCalls: calls, usage: json["usage"].flatMap(TokenUsage.init))
    }
}

extension ToolCall {
    var json: JSONValue { ["id": .string(id), "name": .string(name), "arguments": arguments] }

    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let name = json["name"]?.string, let arguments = json["arguments"] else {
            return nil
        }
        self.init(id: id, name: name, arguments: arguments)
    }
}

struct ToolUse: Sendable {
    var turn: Int
    /// The call's place in its turn, from 0.
    ///
    /// Models repeat IDs, or leave them empty.
    var call: Int
    var callID: String
    var tool: String
    var action: String
    var arguments: JSONValue?
    var status: String?
    var result: JSONValue?

    /// A call that is about to be carried out.
    init(turn: Int, call: Int, _ wish: ToolCall) {
        self.turn = turn
        self.call = call
        callID = wish.id
        tool = wish.name
        action = "call"
        arguments = wish.arguments
    }

    var place: RunCheckpoint.Place { RunCheckpoint.Place(turn: turn, call: call) }

    var json: JSONValue {
        .object(present: [
            "turn": JSONValue(turn), "call": JSONValue(call), "call_id": .string(callID), "tool": .string(tool),
            "action": .string(action), "arguments": arguments, "status": status.map(JSONValue.string),
            "result": result,
        ])
    }
}

extension TokenUsage {
    /// The costs of two turns together.
    static func + (left: TokenUsage, right: TokenUsage) -> TokenUsage {
        TokenUsage(
            input: sum(left.input, right.input), output: sum(left.output, right.output),
            cachedInput: sum(left.cachedInput, right.cachedInput), reasoning: sum(left.reasoning, right.reasoning))
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, isTooLarge) = left.addingReportingOverflow(right)
        return isTooLarge ? .max : sum
    }

    private static func sum(_ left: Int?, _ right: Int?) -> Int? {
        left == nil && right == nil ? nil : sum(left ?? 0, right ?? 0)
    }

    /// A cost as the log has it.
    init?(_ json: JSONValue) {
        guard let input = json["input_tokens"]?.integer, let output = json["output_tokens"]?.integer else { return nil }
        self.init(
            input: input, output: output, cachedInput: json["cached_input_tokens"]?.integer,
            reasoning: json["reasoning_tokens"]?.integer)
    }
}
