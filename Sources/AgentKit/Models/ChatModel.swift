/// A language model that answers piece by piece.
public protocol ChatModel: Sendable {
    /// The model's name, for the log.
    var name: String { get }
    /// Whose model it is, for traces: `openai` and `azure.ai.openai` are OpenTelemetry's names for two.
    var provider: String { get }

    /// Answers a conversation.
    ///
    /// - Returns: Text as it is made and calls of tools, in order. The stream ends when the turn does, and fails with
    ///   a ``ModelError`` if the model cannot be used.
    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error>
}

extension ChatModel {
    /// A model of the program's own.
    public var provider: String { "custom" }
}

/// One piece of a model's turn.
public enum ChatDelta: Hashable, Sendable {
    /// The next few characters of the answer.
    case text(String)
    /// The model wants a tool's result before it goes on.
    case toolCall(ToolCall)
    /// What the turn cost; at most once per turn.
    case usage(TokenUsage)
    /// The service says something about the turn.
    case notice(ModelNotice)
}

/// A model's wish to use a tool.
public struct ToolCall: Hashable, Sendable {
    /// Ties the result to the call.
    public let id: String
    /// Which tool.
    public let name: String
    /// A JSON object.
    public let arguments: JSONValue

    /// A call as the model makes it.
    public init(id: String, name: String, arguments: JSONValue) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// One message of a conversation with a model.
public enum ChatMessage: Hashable, Sendable {
    /// What the agent is told to be.
    case system(String)
    /// What the user wrote.
    case user(String)
    /// What the model said, and the tools it asked for.
    case assistant(String, toolCalls: [ToolCall])
    /// What a tool answered.
    case tool(callID: String, result: JSONValue)
}
