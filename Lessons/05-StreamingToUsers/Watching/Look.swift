// How an event looks beside the answer: a passing line, a thought, a box, or a line that stays.
// Run:    ./lesson 5 ask "Plan a 1-day trip to Rome"
// Expect: "waits for a worker" goes away when one comes; a tool's call and result stand in one box.

import AgentKit
import AgentRuns
import Foundation

enum Look {
    /// The answer itself.
    case text
    /// True only until the next event.
    case status(String)
    case thought(String)
    case tool(call: String, result: String)
    case note(String)

    /// Whether it still says something when the event is long past.
    var isLasting: Bool {
        switch self {
        case .text, .status: false
        case .thought, .tool, .note: true
        }
    }

    init(of event: SeenEvent) {
        let line = event.line ?? ""
        switch event.kind {
        case .text: self = .text
        case .taskStarted: self = .status("thinks")
        case .llmResponse: self = .status(line)
        case .progress where event.details?["status"]?.string != nil: self = Self.progress(event, line)
        case .chainOfThought: self = .thought(line.removing("thought: "))
        case .toolUsage: self = Self.tool(event, line.removing("tool "))
        // The viewer says at its end how the run did.
        case let kind where kind.isTerminal: self = .status("")
        default: self = .note(line)
        }
    }

    private static func progress(_ event: SeenEvent, _ line: String) -> Look {
        switch event.details?["status"]?.string {
        case "queued": .status("queued, waits for a worker")
        case "asking_model", "finished": .status(line)
        default: .note(line)
        }
    }

    private static func tool(_ event: SeenEvent, _ line: String) -> Look {
        guard event.details?["action"]?.string == "result" else { return .status("calls \(line)") }
        guard let arrow = line.range(of: " → ") else { return .tool(call: line, result: "") }
        return .tool(call: String(line[..<arrow.lowerBound]), result: String(line[arrow.upperBound...]))
    }
}

extension String {
    fileprivate func removing(_ beginning: String) -> String {
        hasPrefix(beginning) ? String(dropFirst(beginning.count)) : self
    }
}
