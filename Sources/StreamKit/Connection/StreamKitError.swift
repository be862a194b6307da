/// Everything that StreamKit can fail with, by what the caller can do about it.
public enum StreamKitError: Error, Sendable, Equatable {
    /// The caller's mistake; nothing was sent.
    case invalidInput(String)
    /// No connection could be made: wrong address, refused, not ready, wrong password.
    case cannotConnect(String)
    /// The connection broke while a command was under way. With `outcomeUnknown` the server may or may
    /// not have carried it out, so only the caller can say whether to send it again.
    case connectionLost(String, outcomeUnknown: Bool)
    /// No answer within the deadline. The server may still carry the command out.
    case timedOut(String)
    /// The server answered with an error.
    case server(ServerError)
    /// The server's answer does not have the shape that the command promises.
    case unexpectedReply(String)
    /// The client was closed.
    case closed
}

/// An error reply of the server, its prefix kept as data.
public struct ServerError: Error, Sendable, Equatable {
    /// The first word, in capitals: `WRONGTYPE`, `NOGROUP`, `BUSYGROUP`, `OOM`, `ERR` and so on.
    public let prefix: String
    /// The whole message as the server sent it, prefix included.
    public let message: String
    /// The command that was answered so, without its arguments, for example `XADD`; empty where unknown.
    public let command: String

    /// Splits the prefix off an error reply.
    public init(message: String, command: String = "") {
        self.message = message
        self.command = command
        let first = message.prefix { !$0.isWhitespace }
        prefix = first.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" } ? String(first) : "ERR"
    }
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
            "This Redis client was closed. Make a new one, or keep the work inside withRedis { }."
        }
    }

    /// The server's prefix (`NOGROUP`, `WRONGTYPE`), where the server sent an error.
    public var serverPrefix: String? {
        if case .server(let error) = self { error.prefix } else { nil }
    }
}

extension ServerError: CustomStringConvertible {
    /// The server's words, and what usually helps.
    public var description: String {
        let place = command.isEmpty ? "Redis answered" : "Redis answered \(command) with"
        return advice.map { "\(place): \(message)\n\($0)" } ?? "\(place): \(message)"
    }

    private var advice: String? {
        switch prefix {
        case "WRONGTYPE": "The key holds another type. Look with TYPE, then choose another key or delete it."
        case "NOGROUP": "The consumer group or its stream does not exist. Create the group first (XGROUP CREATE)."
        case "OOM": "Redis reached its maxmemory. Trim streams, raise maxmemory, or wait until keys expire."
        case "NOAUTH": "Redis wants a password. Put it in the URL: redis://:password@host:6379."
        case "WRONGPASS": "Check user name and password in REDIS_URL."
        case "NOPERM": "This ACL user may not do that. Ask for the right, or use another user."
        case "READONLY": "This is a replica. Connect to the primary."
        case "LOADING": "Redis is still loading its data from disk. Try again in a moment."
        case "MASTERDOWN": "The replica lost its primary. Wait, or connect to the primary."
        default: nil
        }
    }
}
