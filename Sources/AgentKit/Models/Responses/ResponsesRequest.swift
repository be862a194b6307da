/// The body of `POST …/responses`.
///
/// Source: <https://platform.openai.com/docs/api-reference/responses/create>
struct ResponsesRequest: Encodable {
    let model: String
    let input: [Item]
    let tools: [ToolDeclaration]?
    let stream = true
    /// The run's log is the memory; the service is not to keep another one for 30 days.
    let store = false
    let temperature: Double?
    let maximumTokens: Int?
    let reasoning: Reasoning?

    enum CodingKeys: String, CodingKey {
        case model, input, tools, stream, store, temperature, reasoning
        case maximumTokens = "max_output_tokens"
    }

    init(model: String, messages: [ChatMessage], tools: [any Tool], options: ModelOptions) {
        self.model = model
        input = messages.flatMap(Item.items)
        self.tools = tools.isEmpty ? nil : tools.map(ToolDeclaration.init)
        temperature = options.temperature
        maximumTokens = options.maximumTokens
        reasoning = options.reasoningEffort.map(Reasoning.init)
    }

    struct Reasoning: Encodable {
        let effort: String
    }

    struct ToolDeclaration: Encodable {
        let type = "function"
        let name: String
        let description: String
        let parameters: JSONValue
        /// Strict schemas must name every property as required; tools here have optional ones.
        let strict = false

        init(_ tool: any Tool) {
            name = tool.name
            description = tool.summary
            parameters = tool.parameters
        }
    }

    /// One item of the conversation.
    ///
    /// Calls go without the service's own item ID: with it, the service would demand the thoughts that led to the
    /// call, which `store: false` made it forget.
    struct Item: Encodable {
        var type: String?
        var role: String?
        var content: String?
        var callID: String?
        var name: String?
        var arguments: String?
        var output: String?

        enum CodingKeys: String, CodingKey {
            case type, role, content, name, arguments, output
            case callID = "call_id"
        }

        static func items(of message: ChatMessage) -> [Item] {
            switch message {
            case .system(let text): [Item(role: "system", content: text)]
            case .user(let text): [Item(role: "user", content: text)]
            case .assistant(let text, let calls):
                (text.isEmpty ? [] : [Item(role: "assistant", content: text)])
                    + calls.map {
                        Item(type: "function_call", callID: $0.id, name: $0.name, arguments: $0.argumentsText)
                    }
            case .tool(let callID, let result):
                [Item(type: "function_call_output", callID: callID, output: result.text)]
            }
        }
    }
}
