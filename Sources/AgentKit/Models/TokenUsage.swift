/// What one turn of a model cost, in tokens, as the service counted them.
public struct TokenUsage: Codable, Hashable, Sendable {
    /// Tokens the model read: instructions, conversation, tools.
    public var input: Int
    /// Tokens the model wrote, those of its reasoning included.
    public var output: Int
    /// Of ``input``, those that the service had in its cache.
    public var cachedInput: Int?
    /// Of ``output``, those that the model only thought.
    public var reasoning: Int?

    /// The names of the fields in the log.
    public enum CodingKeys: String, CodingKey {
        case input = "input_tokens"
        case output = "output_tokens"
        case cachedInput = "cached_input_tokens"
        case reasoning = "reasoning_tokens"
    }

    /// A cost.
    public init(input: Int, output: Int, cachedInput: Int? = nil, reasoning: Int? = nil) {
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
        self.reasoning = reasoning
    }
}
