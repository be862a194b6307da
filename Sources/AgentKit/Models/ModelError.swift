/// Why a model gave no answer, or not the whole of it.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened, where, and what to do next, for the people who run the agent.
    ///
    /// It never holds a key.
    public var description: String
    /// The HTTP status, if the service answered with one that says so.
    public var status: Int?
    /// Whether the same request may succeed later.
    public var mayPass: Bool
    /// How long the service asked to be left alone.
    public var retryAfter: Duration?
    /// What the user may read.
    public var userMessage: String

    /// An error.
    public init(
        _ description: String, status: Int? = nil, mayPass: Bool, retryAfter: Duration? = nil,
        userMessage: String = "The language model could not be used. Please try again later."
    ) {
        self.description = description
        self.status = status
        self.mayPass = mayPass
        self.retryAfter = retryAfter
        self.userMessage = userMessage
    }
}
