/// One event of a chat completion's stream.
///
/// Source: <https://platform.openai.com/docs/api-reference/chat-streaming>
struct ChatCompletionChunk: Decodable {
    var choices: [Choice]?
    var usage: Usage?
    var error: JSONValue?
    var promptFilterResults: JSONValue?
    var promptAnnotations: JSONValue?

    enum CodingKeys: String, CodingKey {
        case choices, usage, error
        case promptFilterResults = "prompt_filter_results"
        case promptAnnotations = "prompt_annotations"
    }

    struct Choice: Decodable {
        var index: Int?
        var delta: Delta?
        var finishReason: String?
        var filterResults: JSONValue?

        enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
            case filterResults = "content_filter_results"
        }
    }

    struct Delta: Decodable {
        var content: String?
        var refusal: String?
        /// Thoughts: llama.cpp, vLLM and others show them; OpenAI does not.
        var reasoningContent: JSONValue?
        var reasoning: JSONValue?
        var toolCalls: [ToolCallPiece]?

        enum CodingKeys: String, CodingKey {
            case content, refusal, reasoning
            case reasoningContent = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    struct ToolCallPiece: Decodable {
        var index: Int?
        var id: String?
        var function: Function?

        struct Function: Decodable {
            var name: String?
            /// A part of a JSON text; some services send the whole object instead.
            var arguments: JSONValue?
        }
    }

    struct Usage: Decodable {
        var promptTokens: Int?
        var completionTokens: Int?
        var promptDetails: Details?
        var completionDetails: Details?

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case promptDetails = "prompt_tokens_details"
            case completionDetails = "completion_tokens_details"
        }

        struct Details: Decodable {
            var cachedTokens: Int?
            var reasoningTokens: Int?

            enum CodingKeys: String, CodingKey {
                case cachedTokens = "cached_tokens"
                case reasoningTokens = "reasoning_tokens"
            }
        }

        /// The cost, or `nil` if the numbers are missing.
        var tokens: TokenUsage? {
            guard promptTokens != nil || completionTokens != nil else { return nil }
            return TokenUsage(
                input: promptTokens ?? 0, output: completionTokens ?? 0, cachedInput: promptDetails?.cachedTokens,
                reasoning: completionDetails?.reasoningTokens)
        }
    }
}
