// The work on a task: every step goes to the task's own log stream.
// Run:    ./lesson 3
// Expect: started, processing step1, processing step2, completed.

import Foundation

/// Who works, how fast, and where it says what it does.
struct LessonWorker: Sendable {
    let name: String
    /// How long each step of a task takes.
    var pace: Duration
    /// Prints a line in the worker's own terminal.
    var says: @Sendable (String) -> Void = { _ in }
}

/// Where a step of the work is written: plainly, or only if the worker still holds the task.
typealias LogWriter = @Sendable (_ fields: [(String, String)]) async throws -> Void

// snippet: work
func perform(_ task: LessonTask, by worker: LessonWorker, attempt: Int, log: LogWriter) async throws {
    func note(_ event: String, _ fields: (String, String)...) async throws {
        try await log([("event", event)] + fields + [("worker", worker.name), ("attempt", String(attempt))])
        let step = fields.first { $0.0 == "step" }.map { " \($0.1)" } ?? ""
        worker.says("task \(task.id), attempt \(attempt): \(event)\(step)")
    }
    try await note("started", ("timestamp", timestamp()))
    for step in ["step1", "step2"] {
        try await note("processing", ("step", step))
        try await Task.sleep(for: worker.pace)
        if task.data.payload["file"] == "missing.csv" { throw MissingFile(description: "missing.csv: no such file") }
    }
    try await note("completed", ("timestamp", timestamp()))
}

/// Seconds since the Unix epoch with decimals, as the Python tutorial writes them.
private func timestamp() -> String {
    String(format: "%.6f", Date().timeIntervalSince1970)
}
// end snippet

struct MissingFile: Error, CustomStringConvertible {
    let description: String
}
