/// One event of a response's stream; which of the members are there depends on the type.
///
/// Source: <https://platform.openai.com/docs/api-reference/responses-streaming>
struct ResponsesEvent: Decodable {
    var type: String
    var outputIndex: Int?
    var delta: String?
    var arguments: String?
    var item: Item?
    var response: Response?
    // An event of type `error` has these three, or an object with them.
    var error: JSONValue?
    var message: String?
    var code: JSONValue?

    enum CodingKeys: String, CodingKey {
        case type, delta, arguments, item, response, error, message, code
        case outputIndex = "output_index"
    }

    struct Item: Decodable {
        var type: String
        var callID: String?
        var name: String?
        var arguments: String?

        enum CodingKeys: String, CodingKey {
            case type, name, arguments
            case callID = "call_id"
        }
    }

    struct Response: Decodable {
        var usage: Usage?
        var error: JSONValue?
        var incompleteDetails: IncompleteDetails?

        enum CodingKeys: String, CodingKey {
            case usage, error
            case incompleteDetails = "incomplete_details"
        }
    }

    struct IncompleteDetails: Decodable {
        var reason: String?
    }

    struct Usage: Decodable {
        var inputTokens: Int?
        var outputTokens: Int?
        var inputDetails: Details?
        var outputDetails: Details?

        enum CodingKeys: String, CodingKey {
            case inputTokens = "input_tokens"
            case outputTokens = "output_tokens"
            case inputDetails = "input_tokens_details"
            case outputDetails = "output_tokens_details"
        }

        typealias Details = ChatCompletionChunk.Usage.Details

        var tokens: TokenUsage? {
            guard inputTokens != nil || outputTokens != nil else { return nil }
            return TokenUsage(
                input: inputTokens ?? 0, output: outputTokens ?? 0, cachedInput: inputDetails?.cachedTokens,
                reasoning: outputDetails?.reasoningTokens)
        }
    }
}
