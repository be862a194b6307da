/// Every error of StreamKit, grouped by what the caller can do about it.
public enum StreamKitError: Error, Sendable, Equatable {
    /// The caller's mistake; nothing was sent.
    case invalidInput(String)
    /// It could not connect: wrong address, refused, no answer. The command was not sent.
    ///
    /// A server that answers and refuses (`WRONGPASS`, `LOADING`) is ``server(_:)``.
    case cannotConnect(String)
    // snippet: lost-reply
    /// The connection broke while a command was under way. With `outcomeUnknown` the server may or may
    /// not have carried it out, so only the caller can say whether to send it again.
    case connectionLost(String, outcomeUnknown: Bool)
    // end snippet
    /// No answer within the deadline. The server may still carry the command out.
    case timedOut(String)
    /// The server answered with an error, either to the command or while connecting.
    case server(ServerError)
    /// The server's answer does not have the shape that the command promises.
    case unexpectedReply(String)
    /// The client was closed.
    case closed
}

extension StreamKitError: CustomStringConvertible {
    /// What happened, where, and what to do next, in one sentence or two.
    public var description: String {
        switch self {
        case .invalidInput(let text), .cannotConnect(let text), .timedOut(let text), .unexpectedReply(let text):
            text
        case .connectionLost(let text, let outcomeUnknown):
            outcomeUnknown ? "\(text) The command may or may not have been carried out." : text
        case .server(let error):
            error.description
        case .closed:
            "This Redis client was closed. Create a new one, or keep the work inside withRedis { }."
        }
    }

    /// Whether the connection or the state of the server failed, rather than the command: trying again later may help.
    ///
    /// That it may help does not mean that it is safe. After a lost reply
    /// (``connectionLost(_:outcomeUnknown:)``) or ``timedOut(_:)`` the command may already have been carried out.
    public var isTransient: Bool {
        switch self {
        case .connectionLost, .cannotConnect, .timedOut: true
        case .server(let error): error.isTransient
        case .invalidInput, .unexpectedReply, .closed: false
        }
    }

    /// The server's prefix (`NOGROUP`, `WRONGTYPE`), where the server sent an error.
    public var serverPrefix: String? {
        if case .server(let error) = self { error.prefix } else { nil }
    }
}
