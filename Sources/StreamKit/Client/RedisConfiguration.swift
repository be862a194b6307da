/// Where Redis is, which user the client is, how long it waits, and who observes it.
public struct RedisConfiguration: Sendable {
    /// The address of a server.
    public enum Endpoint: Sendable, Hashable {
        /// A host name or an IPv4 or IPv6 address, and a port.
        case tcp(host: String, port: Int)
        /// The path of a unix socket.
        case unix(path: String)
    }

    /// The server's address.
    public var endpoint: Endpoint
    /// The client's credentials, if they do not change.
    public var credentials = Credentials()
    /// Provides credentials that change by themselves; it takes the place of ``credentials``.
    ///
    /// Each connection uses what it provides; open connections are given new credentials before the old ones expire.
    public var credentialProvider: Credentials.Provider?
    /// The database that SELECT chooses, usually 0.
    public var database = 0
    /// Whether the address asked for TLS (`rediss://`).
    public var usesTLS = false
    /// How TLS verifies the server, and identifies the client.
    public var tls = TLSOptions()
    /// The name that CLIENT LIST shows for our connections.
    public var clientName: String? = "streamkit"
    /// How long the client waits for connections and replies.
    public var timeouts = Timeouts()
    /// How many bytes of commands may be on their way on the shared connection: encoded and not answered yet.
    ///
    /// Beyond this limit callers wait, suspended and with nothing encoded, until half of it has been answered.
    /// A command or batch that is larger is sent alone.
    public var maximumBytesInFlight = 4 << 20
    /// Who observes the client.
    public var observability = Observability()

    /// What ``Redis`` adds for its connections.
    var observers: CommandObservers?
    var credentialStore: CredentialStore?

    /// A server reached over TCP.
    public init(host: String, port: Int = 6379) {
        endpoint = .tcp(host: host, port: port)
    }

    /// A server reached over a unix socket.
    public init(unixSocket path: String, database: Int = 0) {
        endpoint = .unix(path: path)
        self.database = database
    }
}

extension RedisConfiguration: CustomStringConvertible {
    /// The address as a URL, without the password.
    public var description: String {
        let user = credentials.username.map { RedisURL.encoded($0) + "@" } ?? ""
        switch endpoint {
        case .tcp(let host, let port):
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(usesTLS ? "rediss" : "redis")://\(user)\(shown):\(port)/\(database)"
        case .unix(let path):
            let shown = RedisURL.encoded(path, keepingSlashes: true)
            return "unix://\(user)\(shown)" + (database == 0 ? "" : "?db=\(database)")
        }
    }
}
