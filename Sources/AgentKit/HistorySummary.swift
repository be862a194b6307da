/// What earlier runs of a conversation were about, in few words that stand for them.
public struct HistorySummary: Hashable, Sendable {
    /// What the model is told when it is to sum a conversation up; the conversation follows as one message.
    public static let instructions = """
        Sum up the conversation below for the assistant who goes on with it: what the user wants, what was found out, \
        what was decided. Keep names, numbers and dates. Use at most 200 words, and write nothing else.
        """

    var summary: String
    /// The last run that it covers.
    var throughRun: Int
    var usage: TokenUsage?

    /// What the model reads in the place of the messages.
    var message: ChatMessage { .system("The conversation so far, in short: \(summary)") }

    var json: JSONValue {
        .object(present: [
            "summary": .string(summary), "through_run": JSONValue(throughRun),
            "usage": usage.flatMap { try? JSONValue(encoding: $0) },
        ])
    }

    init(summary: String, throughRun: Int, usage: TokenUsage?) {
        self.summary = summary
        self.throughRun = throughRun
        self.usage = usage
    }

    init?(_ json: JSONValue) {
        guard let summary = json["summary"]?.string, let run = json["through_run"]?.integer else { return nil }
        self.init(summary: summary, throughRun: run, usage: json["usage"].flatMap(TokenUsage.init))
    }

    /// The messages as one text; only its end, if it is far longer than the limit.
    static func transcript(of messages: [ChatMessage], limit: Int) -> String {
        let lines = messages.map { message in
            switch message {
            case .user(let text): "User: \(text)"
            default: "Assistant: \(message.text)"
            }
        }
        return String(lines.joined(separator: "\n").suffix(limit.multipliedReportingOverflow(by: 4).partialValue))
    }
}

extension ChatMessage {
    /// What the message says.
    var text: String {
        switch self {
        case .system(let text), .user(let text), .assistant(let text, _): text
        case .tool(_, let result): result.text
        }
    }
}
