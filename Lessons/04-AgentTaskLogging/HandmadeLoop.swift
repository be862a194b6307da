// The loop of an agent by hand: ask a model, use the tools it wants, ask again. Every step is one XADD.
// Run:    ./lesson 4
// Expect: two questions to the model, one use of a tool, and an answer, all in agent_logs:lesson4-loop.

import Foundation
import StreamKit

// snippet: loop
struct HandmadeLoop {
    let log: RedisStream

    /// What a model may say: an answer, or the wish to use a tool.
    enum Said {
        case answer(String)
        case wish(tool: String, argument: String)
    }

    /// Stands in for a language model: it sees everything that was said so far.
    func model(_ messages: [String]) -> Said {
        if let result = messages.last(where: { $0.hasPrefix("tool: ") }) {
            return .answer("Take an umbrella, it is \(result.dropFirst(6)).")
        }
        return .wish(tool: "weather", argument: "Tokyo")
    }

    /// What the model may use, by name.
    let tools: [String: @Sendable (String) -> String] = ["weather": { city in "rainy in \(city)" }]

    func answer(_ prompt: String) async throws -> String {
        try await write("task_started", ["prompt": prompt])
        var messages = ["user: \(prompt)"]
        for turn in 1...8 {
            switch model(messages) {
            case .answer(let text):
                try await write("llm_response", ["turn": "\(turn)", "response": text])
                try await write("task_completed", ["status": "success"])
                return text
            case .wish(let name, let argument):
                try await write("llm_response", ["turn": "\(turn)", "response": "I need \(name)(\(argument))."])
                try await write("tool_usage", ["tool": name, "action": "call", "argument": argument])
                // A model may name a tool that does not exist. It is told so, and may try another.
                let result = tools[name]?(argument) ?? "There is no tool \(name)."
                try await write("tool_usage", ["tool": name, "action": "result", "result": result])
                messages.append("tool: \(result)")
            }
        }
        try await write("task_completed", ["status": "failed", "error": "The model goes in circles."])
        return "I did not come to an answer."
    }

    private func write(_ event: String, _ data: [String: String]) async throws {
        let json = String(decoding: try JSONEncoder().encode(data), as: UTF8.self)
        let now = String(format: "%.6f", Date().timeIntervalSince1970)
        try await log.append(["event": event, "timestamp": now, "data": json])
    }
}
// end snippet
