/// What the model said in one turn.
struct FinishedTurn: Hashable, Sendable {
    var text = ""
    var calls: [ToolCall] = []
    var usage: TokenUsage?

    mutating func add(_ delta: ChatDelta) {
        switch delta {
        case .text(let chunk): text += chunk
        case .toolCall(let call): calls.append(call)
        case .usage(let spent): usage = spent
        case .notice: break
        }
    }
}

/// What the turns of a run add up to, each counted once however often the run was attempted.
struct RunTotal: Hashable, Sendable {
    private(set) var text = ""
    private(set) var turns = 0
    private(set) var toolCalls = 0
    private(set) var usage: TokenUsage?

    mutating func add(_ turn: FinishedTurn) {
        text += turn.text
        turns += 1
        toolCalls += turn.calls.count
        add(turn.usage)
    }

    mutating func add(_ more: TokenUsage?) {
        guard let more else { return }
        usage = usage.map { $0 + more } ?? more
    }

    /// The details of `task_completed`.
    var json: JSONValue {
        .object(present: [
            "status": "completed", "tool_calls": JSONValue(toolCalls), "turns": JSONValue(turns),
            "usage": usage.flatMap { try? JSONValue(encoding: $0) },
        ])
    }
}
