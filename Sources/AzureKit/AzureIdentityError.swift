/// Why there is no token.
public enum AzureIdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing on this machine gives tokens.
    case noIdentity(String)
    /// The source of tokens refused: asking again changes nothing.
    case refused(String)
    /// The source of tokens cannot be used now: asking again later may help.
    case unavailable(String)

    /// What happened, and what to do about it.
    public var description: String {
        switch self {
        case .noIdentity(let reason), .refused(let reason), .unavailable(let reason): reason
        }
    }

    /// Whether asking again may help.
    public var mayPass: Bool { if case .unavailable = self { true } else { false } }
}
