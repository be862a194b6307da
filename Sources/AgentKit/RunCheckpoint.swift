import AgentRuns
import StreamKit

/// What the log says has been done already: the turns and tool results of this run, the talk of earlier ones.
struct RunCheckpoint {
    struct CallKey: Hashable {
        let turn: Int
        let id: String
    }

    private(set) var turns: [Int: (said: String, calls: [ToolCall])] = [:]
    private(set) var results: [CallKey: JSONValue] = [:]
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
                guard let turn = event.decodeData(ModelTurn.self) else { continue }
                turns[turn.turn] = (said, turn.toolCalls)
                said = ""
            case .toolUsage:
                guard let use = event.decodeData(ToolUse.self), use.action == "result" else { continue }
                results[CallKey(turn: use.turn, id: use.callID)] = use.result ?? .null
            case .chainOfThought:
                hasAnything = true
                if let thought = event.decodeData(Thought.self), let turn = thought.turn { evaluated.insert(turn) }
            default: continue
            }
        }
    }

    /// What was said before, one question and one answer a run.
    private static func messages(of events: [RunEvent]) -> [ChatMessage] {
        let runs = Dictionary(grouping: events, by: \.run)
        return runs.keys.sorted().flatMap { run -> [ChatMessage] in
            let events = runs[run] ?? []
            guard let started = events.first(where: { $0.kind == .taskStarted })?.decodeData(Started.self) else {
                return []
            }
            let answer = events.answer
            return [.user(started.message)] + (answer.isEmpty ? [] : [.assistant(answer, toolCalls: [])])
        }
    }
}
