// An agent that logs by hand: a loop, a mocked model, and one XADD for every step.
// Run:    ./lesson 4
// Expect: eight entries in agent_logs:lesson4, from task_started to task_completed, and a task that fails.

import Foundation
import StreamKit

struct HandmadeTask {
    let id: String
    let type: String
    let file: String
}

// snippet: handmade
struct HandmadeAgent {
    let log: RedisStream

    init(task: String, redis: Redis) {
        log = redis.stream("agent_logs:\(task)")
    }

    func work(on task: HandmadeTask) async throws {
        try await write("task_started", ["task_id": task.id, "type": task.type])
        let prompt = "How should I handle \(task.type) with \(task.file)?"
        try await write("chain_of_thought", ["step": "analyzing_task", "prompt": prompt])
        try await write("llm_response", ["response": mockedModel(prompt)])
        do {
            try await write("progress", ["status": "loading", "step": "1 of 2"])
            try await write("tool_usage", ["tool": "data_processor", "action": "load_file", "file": task.file])
            let rows = try load(task.file)
            try await write("tool_usage", ["tool": "data_processor", "action": "process_data", "status": "success"])
            let thought = "The data looks right: \(rows) rows."
            try await write("chain_of_thought", ["step": "evaluating_results", "thought": thought])
            try await write("task_completed", ["task_id": task.id, "status": "success"])
        } catch let error as MissingFile {
            try await write("error", ["tool": "data_processor", "error": "\(error)"])
            // A reader waits for this event, however the task ended.
            try await write("task_completed", ["task_id": task.id, "status": "failed"])
        }
    }

    private func write(_ event: String, _ data: [String: String]) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try await log.append([
            "event": event,
            "timestamp": String(format: "%.6f", Date().timeIntervalSince1970),
            "data": String(decoding: try encoder.encode(data), as: UTF8.self),
        ])
    }
}
// end snippet

extension HandmadeAgent {
    private func mockedModel(_ prompt: String) -> String {
        prompt.contains("csv") ? "Load the file, then process it row by row." : "Do it step by step."
    }

    /// Stands in for a tool that reads a file.
    private func load(_ file: String) throws(MissingFile) -> Int {
        guard file == "sales.csv" else { throw MissingFile(description: "\(file): no such file") }
        return 1_200
    }
}

struct MissingFile: Error, CustomStringConvertible {
    let description: String
}
