import AgentRuns
import Foundation
import StreamKit

/// What the log says has been done already: the turns and tool results of this run, and what earlier ones said.
struct RunCheckpoint: Sendable {
    /// Where a tool was called: in which turn, as which of its calls.
    struct Place: Hashable, Sendable {
        let turn: Int
        let call: Int
    }

    private(set) var turns: [Int: FinishedTurn] = [:]
    private(set) var results: [Place: JSONValue] = [:]
    /// Calls of tools that were begun, whatever came of them.
    private(set) var begun: Set<Place> = []
    /// Turns whose results were thought about.
    private(set) var evaluated: Set<Int> = []
    private(set) var hasAnything = false
    private(set) var earlierMessages: [ChatMessage] = []
    /// How long workers have had the run in their hands.
    private(set) var elapsed = Duration.zero

    init(history: [RunEvent], run: Int) {
        let valid = history.valid
        earlierMessages = Self.messages(of: valid.filter { $0.run < run })
        elapsed = Self.time(in: history.filter { $0.run == run })
        var said = ""
        for event in valid where event.run == run {
            switch event.kind {
            case .text: said += event.text ?? ""
            case .llmResponse:
                guard let turn = event.details.flatMap(ModelTurn.init) else { continue }
                turns[turn.turn] = FinishedTurn(text: said, calls: turn.toolCalls, usage: turn.usage)
                said = ""
            case .toolUsage:
                guard let use = event.details, let turn = use["turn"]?.integer, let call = use["call"]?.integer else {
                    continue
                }
                let place = Place(turn: turn, call: call)
                begun.insert(place)
                if use["action"] == "result" { results[place] = use["result"] ?? .null }
            case .chainOfThought:
                hasAnything = true
                if let turn = event.details?["turn"]?.integer { evaluated.insert(turn) }
            default: continue
            }
        }
    }

    /// The time between events, without the waits that end when a worker takes the run.
    private static func time(in events: [RunEvent]) -> Duration {
        zip(events, events.dropFirst()).reduce(.zero) { sum, pair in
            guard ![.taskStarted, .attempt].contains(pair.1.kind) else { return sum }
            return sum + .seconds(max(0, pair.1.timestamp.timeIntervalSince(pair.0.timestamp)))
        }
    }

    /// What was said before, one question and one answer per run.
    private static func messages(of events: [RunEvent]) -> [ChatMessage] {
        let runs = Dictionary(grouping: events, by: \.run)
        return runs.keys.sorted().flatMap { run -> [ChatMessage] in
            let events = runs[run] ?? []
            let started = events.first { $0.kind == .taskStarted }
            guard let question = started?.details?["message"]?.string else { return [] }
            let answer = events.answer
            return [.user(question)] + (answer.isEmpty ? [] : [.assistant(answer, toolCalls: [])])
        }
    }
}
