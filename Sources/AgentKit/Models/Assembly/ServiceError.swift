/// What a service says is wrong: in the body of a refusal, or as an event in the middle of a stream.
///
/// The shapes differ: `{"error": {"message", "type", "code"}}` (OpenAI, Azure), `{"error": "…"}` (Ollama),
/// `{"message": "…"}` (vLLM), `{"detail": …}` (FastAPI).
struct ServiceError: Hashable, Sendable {
    var message: String
    var code: String
    /// The status that the code stands for, if the code is a number.
    var status: Int?
    /// What the content filter found, if it is why.
    var filterResults: JSONValue?

    init?(_ body: JSONValue) {
        let error = body["error"] ?? body
        let message = error.string ?? error["message"]?.string ?? error["detail"]?.string ?? error["detail"]?.text
        guard let message else { return nil }
        self.message = message.shortened
        let words = [error["code"], error["type"], error["innererror"]?["code"]]
        status = words.lazy.compactMap { $0?.integer ?? $0?.string.flatMap { Int($0) } }.first
        code = words.compactMap { $0?.string }.joined(separator: " ")
        filterResults = error["innererror"]?["content_filter_result"] ?? error["content_filter_results"]
    }

    var isContentFilter: Bool { code.contains("content_filter") || code.contains("ResponsibleAIPolicyViolation") }

    /// Whether the conversation is too long for the model.
    var isTooLong: Bool { code.contains("context_length_exceeded") || code.contains("exceed_context_size") }

    /// Whether the same request may succeed later.
    func mayPass(status: Int?) -> Bool {
        if code.contains("insufficient_quota") || isContentFilter || isTooLong { return false }
        if let status = status ?? self.status { return Self.isPassing(status) }
        return ["server_error", "rate_limit", "overloaded", "timeout", "internal", "unavailable"]
            .contains { code.contains($0) }
    }

    /// 408 Request Timeout, 425 Too Early, 429 Too Many Requests, and what servers say of themselves.
    static func isPassing(_ status: Int) -> Bool {
        [408, 409, 425, 429].contains(status) || (500..<600).contains(status) && ![501, 505].contains(status)
    }

    /// What the user may read.
    var userMessage: String? {
        if isContentFilter { return ContentFilter.promptRefused(filterResults).message }
        if isTooLong { return "The conversation has grown too long for the language model." }
        return nil
    }
}

extension ModelError {
    /// An error that the service reports in the middle of a stream.
    init(inStream error: ServiceError) {
        let code = error.code.isEmpty ? "" : " (\(error.code))"
        self.init(
            "The model's service reported an error in its stream\(code): \(error.message)", status: error.status,
            mayPass: error.mayPass(status: nil))
        userMessage = error.userMessage ?? userMessage
    }
}
