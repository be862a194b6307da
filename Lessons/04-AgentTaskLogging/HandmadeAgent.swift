// An agent that logs by hand: a loop, a mocked model, and one XADD for every step.
// Run:    swift run agent-task-logging
// Expect: seven entries in agent_logs:lesson4, from task_started to task_completed.

import Foundation
import StreamKit

struct HandmadeTask: Codable {
    let id: String
    let type: String
    let file: String
}

// snippet: handmade
struct HandmadeAgent {
    let log: RedisStream

    func work(on task: HandmadeTask) async throws {
        try await write("task_started", ["id": task.id, "type": task.type])
        let prompt = "How should I handle \(task.type) with \(task.file)?"
        try await write("chain_of_thought", ["step": "analyzing_task", "prompt": prompt])
        try await write("llm_response", ["response": mockedModel(prompt)])
        try await write("tool_usage", ["tool": "data_processor", "action": "load_file", "file": task.file])
        try await write("tool_usage", ["tool": "data_processor", "action": "process_data", "status": "success"])
        try await write("chain_of_thought", ["step": "evaluating_results", "thought": "The data looks right."])
        try await write("task_completed", ["id": task.id, "status": "success"])
    }

    private func write(_ event: String, _ data: [String: String]) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try await log.append([
            "event": event,
            "timestamp": String(Int(Date().timeIntervalSince1970 * 1000)),
            "data": String(decoding: try encoder.encode(data), as: UTF8.self),
        ])
    }

    private func mockedModel(_ prompt: String) -> String {
        prompt.contains("csv") ? "Load the file, then process it row by row." : "Do it step by step."
    }
}
// end snippet
