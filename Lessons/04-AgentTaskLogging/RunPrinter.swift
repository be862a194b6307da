// A run as people read it: one line an event, the answer's words joined into lines.
// Run:    swift run agent-task-logging run "Plan a weekend in Rome"
// Expect: thoughts and tool calls first, then the itinerary as it is written.

import TravelPlanner
import AgentRuns
import AgentKit
import LessonKit
import StreamKit

struct RunPrinter {
    let narrator: Narrator
    private var line = ""

    init(_ narrator: Narrator) {
        self.narrator = narrator
    }

    mutating func show(_ event: RunEvent) {
        if let text = event.text {
            line += text
            while let end = line.firstIndex(of: "\n") {
                narrator.show("│ " + line[..<end])
                line = String(line[line.index(after: end)...])
            }
            return
        }
        if !line.isEmpty {
            narrator.show("│ " + line)
            line = ""
        }
        narrator.show("\(event.kind.rawValue): \(event.error ?? event.data ?? "")")
    }
}

/// Runs the agent and follows its log at the same time, as two programs would.
func answerAndWatch(_ request: RunRequest, _ log: RunLog, _ narrator: Narrator) async throws {
    try await log.accept(request)
    async let answer: Void = runAgent(TravelPlanner(), request: request, attempt: 1, log: log)
    var printer = RunPrinter(narrator)
    for try await event in log.events(after: .beginning) { printer.show(event) }
    try await answer
}

/// Prints a run from its log, without the words that a later attempt has replaced.
func replay(_ history: [RunEvent], _ narrator: Narrator) {
    var printer = RunPrinter(narrator)
    for event in history.valid { printer.show(event) }
}
