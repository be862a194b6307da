import Foundation
import Testing

@testable import AgentKit

@Suite("What a model is asked")
struct RequestTests {
    private static let conversation: [ChatMessage] = [
        .system("Be brief."), .user("Weather?"),
        .assistant("", toolCalls: [ToolCall(id: "a", name: "get_weather", arguments: ["city": "Rome"])]),
        .tool(callID: "a", result: ["high": 20]), .assistant("20.", toolCalls: []), .user("Thanks"),
    ]

    @Test func `a conversation as chat completions want it`() throws {
        let body = try json(
            ChatCompletionRequest(model: "m", messages: Self.conversation, tools: [], options: .init()))
        #expect(
            body == [
                "model": "m", "stream": .bool(true), "stream_options": ["include_usage": .bool(true)],
                "messages": [
                    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Weather?"],
                    [
                        "role": "assistant",
                        "tool_calls": [
                            [
                                "id": "a", "type": "function",
                                "function": ["name": "get_weather", "arguments": #"{"city":"Rome"}"#],
                            ]
                        ],
                    ],
                    ["role": "tool", "tool_call_id": "a", "content": #"{"high":20}"#],
                    ["role": "assistant", "content": "20."], ["role": "user", "content": "Thanks"],
                ],
            ])
    }

    @Test func `a conversation as Responses want it, to be forgotten by the service`() throws {
        let body = try json(ResponsesRequest(model: "m", messages: Self.conversation, tools: [], options: .init()))
        #expect(
            body == [
                "model": "m", "stream": .bool(true), "store": .bool(false),
                "input": [
                    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Weather?"],
                    [
                        "type": "function_call", "call_id": "a", "name": "get_weather",
                        "arguments": #"{"city":"Rome"}"#,
                    ],
                    ["type": "function_call_output", "call_id": "a", "output": #"{"high":20}"#],
                    ["role": "assistant", "content": "20."], ["role": "user", "content": "Thanks"],
                ],
            ])
    }

    @Test func `tools are declared in the form of each interface`() throws {
        let chat = try json(ChatCompletionRequest(model: "m", messages: [], tools: [Echo()], options: .init()))
        let function: JSONValue = ["name": "echo", "description": "Repeats.", "parameters": ["type": "object"]]
        #expect(chat["tools"] == [["type": "function", "function": function]])

        let responses = try json(ResponsesRequest(model: "m", messages: [], tools: [Echo()], options: .init()))
        #expect(
            responses["tools"] == [
                [
                    "type": "function", "name": "echo", "description": "Repeats.",
                    "parameters": ["type": "object"], "strict": .bool(false),
                ]
            ])
    }

    @Test func `options are sent if they are set`() throws {
        let options = ModelOptions(temperature: 0.5, maximumTokens: 100, reasoningEffort: "none")
        let chat = try json(ChatCompletionRequest(model: "m", messages: [], tools: [], options: options))
        #expect(chat["temperature"]?.text == "0.5" && chat["max_completion_tokens"] == 100)
        #expect(chat["reasoning_effort"] == "none")
        let responses = try json(ResponsesRequest(model: "m", messages: [], tools: [], options: options))
        #expect(responses["max_output_tokens"] == 100 && responses["reasoning"] == ["effort": "none"])
    }

    @Test func `arguments that were not an object go back as one`() throws {
        let call = ToolCall(id: "a", name: "t", arguments: .string("{\"ci"))
        #expect(call.argumentsText == #"{"not_a_json_object":"{\"ci"}"#)
    }

    private func json(_ body: some Encodable) throws -> JSONValue {
        try JSONValue(parsing: String(decoding: JSONEncoder().encode(body), as: UTF8.self))
    }
}

struct Echo: Tool {
    let name = "echo"
    let summary = "Repeats."
    let parameters: JSONValue = ["type": "object"]
    let isSafeToRepeat = true
    func call(_ arguments: JSONValue) async throws -> JSONValue { arguments }
}
