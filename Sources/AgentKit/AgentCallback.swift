/// Hears what an agent's model says, for instance to count words or to feed another display.
///
/// A callback is told only what the run's log holds already. One that throws is noted in the program's log and changes
/// nothing for the run or for other callbacks. The agent waits for each call, so a callback should return quickly.
public protocol AgentCallback: Sendable {
    /// A piece of a turn: text as it is written, a call of a tool, what the turn cost.
    ///
    /// Pieces that a former attempt heard are not told again, unless their turn has to be said again.
    func onUpdate(_ delta: ChatDelta, _ context: AgentContext) async throws

    /// The whole answer, once the run has ended well.
    ///
    /// It is not told if the worker dies right after the run's last event.
    func onResponse(_ response: AgentResponse, _ context: AgentContext) async throws
}

extension AgentCallback {
    /// Does nothing.
    ///
    /// - Throws: nothing.
    public func onUpdate(_ delta: ChatDelta, _ context: AgentContext) async throws {}
    /// Does nothing.
    ///
    /// - Throws: nothing.
    public func onResponse(_ response: AgentResponse, _ context: AgentContext) async throws {}
}

/// Which run a callback is told of.
public struct AgentContext: Hashable, Sendable {
    /// The agent's name.
    public let agent: String
    /// Names the conversation.
    public let conversationID: String
    /// Names the run.
    public let correlationID: String
    /// Which attempt of the run speaks, counting from 1.
    public let attempt: Int
}

/// What an agent has answered.
public struct AgentResponse: Hashable, Sendable {
    /// The text that the user reads.
    public let text: String
    /// How often the model was asked.
    public let turns: Int
    /// What all turns cost together; `nil` if the model's service counts nothing.
    public let usage: TokenUsage?
}
