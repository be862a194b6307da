import ServerSentEvents

/// Puts one turn of a model together from the events of its stream.
///
/// It is a value without a network: events in, deltas out.
protocol TurnAssembly: Sendable {
    /// How many pieces of content came so far: text, parts of tool calls, thoughts.
    ///
    /// Each one shows that the model is at work. Events without content, such as pings, show only that the
    /// connection is.
    var pieces: Int { get }

    /// Whether the turn has ended, so that nothing of the stream matters any more.
    var isComplete: Bool { get }

    /// Takes the next event.
    ///
    /// - Returns: What it adds to the turn.
    /// - Throws: If the service reports an error, or the event is not what it should be.
    mutating func take(_ event: ServerSentEvent) throws(ModelError) -> [ChatDelta]

    /// Takes notice that the stream has ended.
    ///
    /// - Returns: What was kept back until now.
    /// - Throws: If the turn was not complete.
    mutating func end() throws(ModelError) -> [ChatDelta]
}

extension ModelError {
    static func malformed(_ event: String) -> ModelError {
        ModelError("The model's stream holds an event that is not valid: \(event.shortened).", mayPass: true)
    }

    static let cut = ModelError("The model's stream ended before the answer was complete.", mayPass: true)

    static let limitInToolCall = ModelError(
        "The model reached its limit of tokens in the middle of a tool call. Raise the limit, or ask for less.",
        mayPass: false, userMessage: "The answer grew too long for the language model.")
}

extension ModelNotice {
    static let cutAtLimit = ModelNotice(
        .tokenLimit, isFinding: true, message: "The answer stops here: the model reached its limit of tokens.")
}

extension String {
    /// The beginning, on one line.
    var shortened: String {
        let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 300 ? line.prefix(300) + "…" : line
    }
}
