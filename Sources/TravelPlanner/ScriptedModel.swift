public import AgentKit

/// A model without a model: it asks for both travel tools, then writes an itinerary from what they say.
///
/// It streams word by word with the pauses of a real one, needs no key and no network, and says the same thing
/// every time. It stands in for a language model; it does not understand anything.
public struct ScriptedModel: ChatModel {
    /// The model's name, for the log.
    public let name = "scripted-traveller"
    /// The average time between two words; zero means no pauses.
    public let pace: Duration

    /// A model that speaks at a pace.
    public init(pace: Duration = .milliseconds(25)) {
        self.pace = pace
    }

    /// Asks for the tools first, and writes once they have answered.
    public func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        AsyncThrowingStream { continuation in
            // Unstructured, because a stream outlives the call that makes it; ended with the stream.
            let task = Task {
                do {
                    for (delta, pause) in script(for: messages, tools: tools) {
                        if pace > .zero { try await Task.sleep(for: pause) }
                        try Task.checkCancellation()
                        continuation.yield(delta)
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func script(for messages: [ChatMessage], tools: [any Tool]) -> [(ChatDelta, pause: Duration)] {
        if messages.first == .system(HistorySummary.instructions) {
            return [(.text(Self.summary(of: messages.lastUserText)), pace * 10)]
        }
        let request = TripRequest(messages.lastUserText)
        let results = messages.resultsOfLastTurn
        let tools = tools.filter { !$0.name.hasPrefix("book_") || request.wantsBooking }
        if results.isEmpty, !tools.isEmpty {
            let arguments: JSONValue = ["destination": .string(request.destination)]
            return tools.enumerated().map { index, tool in
                (.toolCall(ToolCall(id: "call-\(index + 1)", name: tool.name, arguments: arguments)), pace * 8)
            }
        }
        let text = Itinerary(request: request, results: results).text
        return zip(text.words, 0...).map { word, index in (.text(word), pause(before: word, index)) }
    }

    private static func summary(of transcript: String) -> String {
        let questions = transcript.split(separator: "\n").filter { $0.hasPrefix("User: ") }.map { $0.dropFirst(6) }
        return "The user asked: " + questions.suffix(10).joined(separator: "; ")
    }

    /// The pause is uneven on purpose: longer before a paragraph and now and then, shorter before short words.
    private func pause(before word: String, _ index: Int) -> Duration {
        let unevenness = [0.6, 1.1, 0.8, 1.6, 0.5, 1.0, 0.7, 1.3][index % 8]
        let breath = word.contains("\n") ? 3.0 : 0
        return pace * (unevenness + breath + (index == 0 ? 10 : 0))
    }
}

extension String {
    /// Words with the spaces and newlines that follow them, so that joining gives the text back.
    var words: [String] {
        var words: [String] = []
        var word = ""
        for character in self {
            if let last = word.last, last.isWhitespace, !character.isWhitespace {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        return word.isEmpty ? words : words + [word]
    }
}

extension [ChatMessage] {
    var lastUserText: String {
        for case .user(let text) in reversed() { return text }
        return ""
    }

    /// What the tools answered since the user last spoke.
    var resultsOfLastTurn: [JSONValue] {
        let turn = reversed().prefix { if case .user = $0 { false } else { true } }
        return turn.reversed().compactMap { if case .tool(_, let result) = $0 { result } else { nil } }
    }
}
