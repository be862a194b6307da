/// An error reply of the server, with its prefix kept as data.
///
/// Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>
public struct ServerError: Error, Sendable, Equatable {
    /// The first word, in capitals: `WRONGTYPE`, `NOGROUP`, `BUSYGROUP`, `OOM`, `ERR` and so on.
    ///
    /// A server that accepts no more clients sends no special prefix; that error gets the prefix `MAXCLIENTS`.
    public let prefix: String
    /// The whole message as the server sent it, prefix included.
    public let message: String
    /// The command that got this reply, without its arguments, for example `XADD`; empty if unknown.
    public let command: String
    /// The server that sent this reply, as a URL without the password; empty if unknown.
    public let address: String

    /// Splits the prefix off an error reply.
    public init(message: String, command: String = "", address: String = "") {
        self.message = message
        self.command = command
        self.address = address
        let first = message.prefix { !$0.isWhitespace }
        if message.hasPrefix("ERR max number of clients") {
            prefix = "MAXCLIENTS"
        } else {
            prefix = first.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" } ? String(first) : "ERR"
        }
    }

    /// Whether the server did nothing but may do so later: waiting helps, and trying again is safe.
    ///
    /// StreamKit tries again by itself until the command's deadline, and followers and deliveries until the limit
    /// of their ``RetryPolicy``. This error is thrown only afterwards.
    public var isTransient: Bool {
        ["LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MAXCLIENTS"].contains(prefix)
            || isFromDemotedPrimary
    }

    /// Whether a replica answered in place of the primary: the two may have swapped roles.
    var isFromDemotedPrimary: Bool {
        prefix == "READONLY" || (prefix == "UNBLOCKED" && message.contains("instance state changed"))
    }
}

extension ServerError: CustomStringConvertible {
    /// Which server answered what, in its own words, and what to do next.
    public var description: String {
        let place = address.isEmpty ? "Redis answered" : "Redis at \(address) answered"
        let said = command.isEmpty ? "\(place): \(message)" : "\(place) \(command) with: \(message)"
        return advice.map { "\(said)\n\($0)" } ?? said
    }

    private var advice: String? {
        switch prefix {
        case "WRONGTYPE": "The key holds another type. Look with TYPE, then choose another key or delete it."
        case "NOGROUP": "The consumer group or its stream does not exist. Create the group first (XGROUP CREATE)."
        case "OOM": "Redis reached its maxmemory. Trim streams, raise maxmemory, or wait until keys expire."
        case "NOAUTH": "Redis wants a password. Put it in the URL: redis://:password@host:6379."
        case "DENIED":
            "Redis runs in protected mode and serves only its own machine. Give it a password (requirepass, ACL SETUSER)."
        case "WRONGPASS": "Check user name and password in REDIS_URL."
        case "NOPERM": "This ACL user is not allowed to do that. Ask for the right (ACL SETUSER), or use another user."
        case "READONLY": "This is a replica. Connect to the primary; INFO replication names it."
        case "LOADING": "Redis is still loading its data from disk. Try again in a moment."
        case "MASTERDOWN": "The replica lost its primary. Wait, or connect to the primary."
        case "BUSY": "A script has been running for a long time. Wait, or end it with SCRIPT KILL."
        case "MAXCLIENTS": "Close connections that nobody needs (CLIENT LIST), or raise maxclients."
        case "MISCONF": "Redis cannot save to disk and refuses writes. Look at its log and at the free space."
        case "NOREPLICAS": "Too few replicas are connected for a write (min-replicas-to-write)."
        case "MOVED", "ASK":
            "This is one node of a Redis Cluster, and another one holds the key. StreamKit speaks to a single server. "
                + "Of Azure Managed Redis' clustering policies choose NoCluster or EnterpriseCluster, not OSSCluster."
        case "CLUSTERDOWN":
            "This is a node of a Redis Cluster that does not serve every slot. Look at CLUSTER INFO."
        case "CROSSSLOT":
            "This is a node of a Redis Cluster. Keys that are used together need one hash tag, as in {tag}:a and {tag}:b."
        case "ERR" where message.hasPrefix("ERR unknown command"):
            "This server is too old (StreamKit needs Redis 7.0 or later; INFO server shows the version), "
                + "or its configuration renamed or disabled the command."
        case "ERR" where message.contains("Invalid stream ID"):
            "An entry ID looks like 1718000000000-0. Where a range is asked for, - is the first and + the last."
        case "ERR" where message.contains("equal or smaller than the target stream top item"):
            "IDs of a stream only grow. Leave the ID out, or take one above the last (XINFO STREAM)."
        case "ERR" where command == "SELECT":
            "Take a database that this server has (CONFIG GET databases); 0 is always there."
        default: nil
        }
    }
}

// How replies become results.

extension Result<Reply, StreamKitError> {
    /// The error of a command that the server did not carry out and may carry out later.
    var refusal: StreamKitError? {
        guard case .failure(let error) = self, error.isTransient else { return nil }
        return error
    }
}

extension Reply {
    func orThrow(
        _ configuration: RedisConfiguration, _ encode: (inout ByteBuffer) -> Void
    ) throws -> Reply {
        guard kind == .error else { return self }
        return try [self].results(configuration, encode)[0].get()
    }
}

extension [Reply] {
    /// The result of each reply; an error names the command that it answers.
    func results(
        _ configuration: RedisConfiguration, _ encode: (inout ByteBuffer) -> Void
    ) -> [Result<Reply, StreamKitError>] {
        zip(self, TracedCommand.words(writtenBy: encode)).map { reply, words in
            guard reply.kind == .error else { return .success(reply) }
            let error = ServerError(
                message: reply.text ?? "", command: words.first ?? "", address: "\(configuration)")
            return .failure(.server(error))
        }
    }
}
