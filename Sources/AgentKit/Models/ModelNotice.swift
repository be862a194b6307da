/// Something a model's service says about a turn beside the answer: that a filter looked at it, or cut it short.
public struct ModelNotice: Codable, Hashable, Sendable {
    /// What the notice is about.
    public enum Subject: String, Codable, Hashable, Sendable {
        /// A content filter looked at the prompt.
        case promptFilter = "prompt_filter"
        /// A content filter looked at the answer, or cut it short.
        case answerFilter = "answer_filter"
        /// The model used up its limit of tokens before it had finished.
        case tokenLimit = "token_limit"
    }

    /// What the notice is about.
    public var subject: Subject
    /// Whether something was found, marked or cut; otherwise the notice only says that all is well.
    public var isFinding: Bool
    /// One sentence that the user may read.
    public var message: String
    /// What the service said, word for word.
    public var details: JSONValue?

    /// The names of the fields in the log.
    public enum CodingKeys: String, CodingKey {
        case subject = "status"
        case isFinding = "finding"
        case message, details
    }

    /// A notice.
    public init(_ subject: Subject, isFinding: Bool, message: String, details: JSONValue? = nil) {
        self.subject = subject
        self.isFinding = isFinding
        self.message = message
        self.details = details
    }
}
