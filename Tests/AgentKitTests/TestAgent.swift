import TravelPlanner
import AgentRuns
import AgentKit
import StreamKit
import Synchronization
import TestSupport

/// An agent whose model says what a test wants it to.
struct TestAgent: Agent {
    let name = "TravelPlanner"
    let instructions = "You are a test."
    var model: any ChatModel
    var tools: [any Tool] = [WeatherForecast(), LocalEvents()]
    var limits = AgentLimits()
    var callbacks: [any AgentCallback] = []

    /// The model's turns, made from the messages so far; it fails if the closure throws.
    init(turn: @escaping @Sendable ([ChatMessage]) throws -> [ChatDelta]) {
        model = TestModel { messages in
            AsyncThrowingStream { continuation in
                do {
                    for delta in try turn(messages) { continuation.yield(delta) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
    }

    init(model: any ChatModel) { self.model = model }
}

struct TestModel: ChatModel {
    let name = "test"
    let stream: @Sendable ([ChatMessage]) -> AsyncThrowingStream<ChatDelta, any Error>

    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        stream(messages)
    }
}

struct ModelTrouble: Error {}

/// A tool that does what a test wants it to.
struct TestTool: Tool {
    let name: String
    let summary = "A test."
    let parameters: JSONValue = [:]
    var isSafeToRepeat = true
    var needsApproval = false
    let body: @Sendable (JSONValue) async throws -> JSONValue

    func call(_ arguments: JSONValue) async throws -> JSONValue { try await body(arguments) }
}

extension ChatDelta {
    static func call(_ name: String, _ arguments: JSONValue, id: String = "call-1") -> ChatDelta {
        .toolCall(ToolCall(id: id, name: name, arguments: arguments))
    }
}

extension [ChatMessage] {
    /// What the tools have answered so far.
    var results: [JSONValue] { compactMap { if case .tool(_, let result) = $0 { result } else { nil } } }
}

/// A conversation of its own, and a request in it.
func withConversation(
    _ hint: String = #function, message: String = "Plan a 1-day trip to Rome",
    _ body: (RunLog, RunRequest) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        let log = RunLog(redis: redis, conversationID: scratchKey(hint))
        let request = RunRequest(
            conversationID: log.conversationID, correlationID: "first", agent: "TravelPlanner", message: message)
        try await body(log, request)
        try await log.remove()
    }
}

/// The words of one tool use in a log.
struct Usage: Equatable {
    let tool: String
    let action: String
    let status: String?
    let result: JSONValue?
}

extension [RunEvent] {
    var usages: [Usage] {
        filter { $0.kind == .toolUsage }.compactMap(\.details).map {
            Usage(
                tool: $0["tool"]?.string ?? "", action: $0["action"]?.string ?? "", status: $0["status"]?.string,
                result: $0["result"])
        }
    }
}
