import Foundation

// The `data` of the events that an agent writes, one type an event.

struct Thought: Codable, Sendable {
    var step: String
    var thought: String
    var prompt: String?
    var turn: Int?
}

struct Progress: Codable, Sendable {
    var status: String
    var turn: Int
}

struct ModelTurn: Codable, Sendable {
    var turn: Int
    var model: String
    var characters: Int
    var toolCalls: [ToolCall]
    var usage: TokenUsage?

    enum CodingKeys: String, CodingKey {
        case turn, model, characters, usage
        case toolCalls = "tool_calls"
    }
}

struct ToolUse: Codable, Sendable {
    var turn: Int
    var callID: String
    var tool: String
    var action: String
    var arguments: JSONValue?
    var status: String?
    var result: JSONValue?

    enum CodingKeys: String, CodingKey {
        case turn, tool, action, arguments, status, result
        case callID = "call_id"
    }
}

struct Completed {
    var turns: Int
    var toolCalls: Int

    var json: String { #"{"status":"completed","tool_calls":\#(toolCalls),"turns":\#(turns)}"# }
}

struct Started: Codable, Sendable {
    var message: String
}
