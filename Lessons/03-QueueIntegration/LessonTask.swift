// The task, and the work on it: every step goes to the task's own log stream.
// Run:    swift run queue-integration
// Expect: started, processing step1, processing step2, completed, each with a timestamp.

import Foundation
import StreamKit

// snippet: task
struct LessonTask: Codable, Sendable {
    var id: Int
    var data: Job

    struct Job: Codable, Sendable {
        var type: String
        var payload: [String: String]
    }
}
// end snippet

extension LessonTask {
    static func processData(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "process_data", payload: ["file": "data.csv"]))
    }

    static func sendEmail(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "send_email", payload: ["to": "user@example.com"]))
    }

    static func broken(id: Int) -> LessonTask {
        LessonTask(id: id, data: Job(type: "process_data", payload: ["file": "missing.csv"]))
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(LessonTask.self, from: Data(json.utf8))
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

struct MissingFile: Error, CustomStringConvertible {
    let description: String
}

/// Where a step of the work is written: plainly, or only if the worker still holds the task.
typealias LogWriter = @Sendable (_ fields: [(String, String)]) async throws -> Void

// snippet: work
func perform(_ task: LessonTask, by worker: String, attempt: Int, pace: Duration, log: @escaping LogWriter) async throws
{
    let log = announcing(log, of: task, attempt)
    let who = [("worker", worker), ("attempt", String(attempt))]
    try await log([("event", "started"), ("timestamp", timestamp())] + who)
    for step in ["step1", "step2"] {
        try await log([("event", "processing"), ("step", step)] + who)
        try await Task.sleep(for: pace)
        if task.data.payload["file"] == "missing.csv" { throw MissingFile(description: "missing.csv: no such file") }
    }
    try await log([("event", "completed"), ("timestamp", timestamp())] + who)
}
// end snippet

/// Says every step in the worker's own terminal too, once it is written.
private func announcing(_ log: @escaping LogWriter, of task: LessonTask, _ attempt: Int) -> LogWriter {
    { fields in
        try await log(fields)
        let words = fields.filter { ["event", "step"].contains($0.0) }.map(\.1)
        Reporting.report("task \(task.id), attempt \(attempt): \(words.joined(separator: " "))")
    }
}

/// Milliseconds since the Unix epoch.
private func timestamp() -> String {
    String(Int(Date().timeIntervalSince1970 * 1000))
}
