import AgentRuns
import StreamKit

/// What the log says has been done already: the turns and tool results of this run, and what earlier ones said.
struct RunCheckpoint {
    /// Where a tool was called: in which turn, as which of its calls.
    struct Place: Hashable {
        let turn: Int
        let call: Int
    }

    private(set) var turns: [Int: (said: String, calls: [ToolCall])] = [:]
    private(set) var results: [Place: JSONValue] = [:]
    /// Turns whose results were thought about.
    private(set) var evaluated: Set<Int> = []
    private(set) var hasAnything = false
    private(set) var earlierMessages: [ChatMessage] = []

    init(history: [RunEvent], run: Int) {
        let valid = history.valid
        earlierMessages = Self.messages(of: valid.filter { $0.run < run })
        var said = ""
        for event in valid where event.run == run {
            switch event.kind {
            case .text: said += event.text ?? ""
            case .llmResponse:
                guard let turn = event.details.flatMap(ModelTurn.init) else { continue }
                turns[turn.turn] = (said, turn.toolCalls)
                said = ""
            case .toolUsage:
                guard let use = event.details, use["action"] == "result", let turn = use["turn"]?.integer,
                    let call = use["call"]?.integer
                else { continue }
                results[Place(turn: turn, call: call)] = use["result"] ?? .null
            case .chainOfThought:
                hasAnything = true
                if let turn = event.details?["turn"]?.integer { evaluated.insert(turn) }
            default: continue
            }
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
