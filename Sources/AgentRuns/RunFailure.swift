/// A run that cannot succeed: it ends at once, and another attempt would be pointless.
public struct RunFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the user may see; keep secrets out of it.
    public let userMessage: String
    /// What happened, for the people who look after the dead letters.
    public let description: String

    /// A failure with its reason; without one, the user's message is the reason.
    public init(_ userMessage: String, reason: String? = nil) {
        self.userMessage = userMessage
        description = reason ?? userMessage
    }
}
