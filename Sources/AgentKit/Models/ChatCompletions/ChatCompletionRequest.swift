/// The body of `POST …/chat/completions`.
///
/// Source: <https://platform.openai.com/docs/api-reference/chat/create>
struct ChatCompletionRequest: Encodable {
    let model: String
    let messages: [Message]
    let tools: [ToolDeclaration]?
    let stream = true
    let streamOptions = StreamOptions()
    // Newer models refuse a temperature, older servers do not know the others: each is sent only if it is set.
    let temperature: Double?
    let maximumTokens: Int?
    let reasoningEffort: String?

    enum CodingKeys: String, CodingKey {
        case model, messages, tools, stream, temperature
        case streamOptions = "stream_options"
        case maximumTokens = "max_completion_tokens"
        case reasoningEffort = "reasoning_effort"
    }

    init(model: String, messages: [ChatMessage], tools: [any Tool], options: ModelOptions) {
        self.model = model
        self.messages = messages.map(Message.init)
        self.tools = tools.isEmpty ? nil : tools.map { ToolDeclaration(function: FunctionDeclaration($0)) }
        temperature = options.temperature
        maximumTokens = options.maximumTokens
        reasoningEffort = options.reasoningEffort
    }

    struct StreamOptions: Encodable {
        let includeUsage = true
        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    struct ToolDeclaration: Encodable {
        let type = "function"
        let function: FunctionDeclaration
    }

    struct Message: Encodable {
        var role: String
        var content: String?
        var toolCalls: [Call]?
        var toolCallID: String?

        enum CodingKeys: String, CodingKey {
            case role, content
            case toolCalls = "tool_calls"
            case toolCallID = "tool_call_id"
        }

        init(_ message: ChatMessage) {
            switch message {
            case .system(let text): (role, content) = ("system", text)
            case .user(let text): (role, content) = ("user", text)
            case .assistant(let text, let calls):
                role = "assistant"
                content = text.isEmpty && !calls.isEmpty ? nil : text
                toolCalls = calls.isEmpty ? nil : calls.map(Call.init)
            case .tool(let callID, let result): (role, content, toolCallID) = ("tool", result.text, callID)
            }
        }
    }

    struct Call: Encodable {
        let id: String
        let type = "function"
        let function: Function

        struct Function: Encodable {
            let name: String
            let arguments: String
        }

        init(_ call: ToolCall) {
            id = call.id
            function = Function(name: call.name, arguments: call.argumentsText)
        }
    }
}

/// A tool as models are told of it.
struct FunctionDeclaration: Encodable {
    let name: String
    let description: String
    let parameters: JSONValue

    init(_ tool: any Tool) {
        name = tool.name
        description = tool.summary
        parameters = tool.parameters
    }
}

extension ToolCall {
    /// The arguments as they go back to the model.
    ///
    /// Servers parse them and want an object, even where the model wrote something else.
    var argumentsText: String {
        if case .object = arguments { return arguments.text }
        let object: JSONValue = ["not_a_json_object": arguments]
        return object.text
    }
}
