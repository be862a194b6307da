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
    /// Calls that a person's word was asked for.
    private(set) var requested: Set<String> = []
    /// What people decided, by call.
    private(set) var decisions: [String: ApprovalDecision] = [:]
    /// Turns whose results were thought about.
    private(set) var evaluated: Set<Int> = []
    private(set) var hasAnything = false
    private(set) var earlierMessages: [ChatMessage] = []
    /// Whether a summary stands for all of them.
    private(set) var isSummedUp = false
    /// What summing up the history has cost in this run.
    private(set) var summaryUsage: TokenUsage?
    /// How long workers have had the run in their hands.
    private(set) var elapsed = Duration.zero

    init(history: [RunEvent], run: Int) {
        let valid = history.valid
        let summaries = valid.filter { $0.kind == .historySummary && $0.run <= run }
        let summary = summaries.compactMap { $0.details.flatMap(HistorySummary.init) }.last { $0.throughRun < run }
        earlierMessages =
            (summary.map { [$0.message] } ?? [])
            + Self.messages(of: valid.filter { $0.run < run && $0.run > summary?.throughRun ?? 0 })
        isSummedUp = summary.map { $0.throughRun == run - 1 } ?? false
        summaryUsage = summaries.last { $0.run == run }?.details.flatMap(HistorySummary.init)?.usage
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
            case .approvalRequested:
                if let call = event.details?["call"]?.string { requested.insert(call) }
            case .approvalDecided:
                if let decision = event.decodeData(ApprovalDecision.self) { decisions[decision.call] = decision }
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
            guard ![.taskStarted, .attempt, .approvalDecided].contains(pair.1.kind) else { return sum }
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
