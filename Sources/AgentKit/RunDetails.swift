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

    /// What a later attempt needs of a turn: its number and its calls.
    init?(_ json: JSONValue) {
        guard let turn = json["turn"]?.integer, let list = json["tool_calls"]?.array else { return nil }
        let calls = list.compactMap(ToolCall.init)
        guard calls.count == list.count else { return nil }
        self.init(
            turn: turn, model: json["model"]?.string ?? "", characters: json["characters"]?.integer ?? 0,
            toolCalls: calls, usage: nil)
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

    var json: JSONValue {
        .object(present: [
            "turn": JSONValue(turn), "call": JSONValue(call), "call_id": .string(callID), "tool": .string(tool),
            "action": .string(action), "arguments": arguments, "status": status.map(JSONValue.string),
            "result": result,
        ])
    }
}

struct Completed {
    var turns: Int
    var toolCalls: Int

    var json: JSONValue {
        ["status": "completed", "tool_calls": JSONValue(toolCalls), "turns": JSONValue(turns)]
    }
}
