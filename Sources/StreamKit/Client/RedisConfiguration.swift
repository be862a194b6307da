import CoreMetrics
import Logging

/// Where Redis is, who we are there, and how patient to be.
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
    /// The ACL user; `nil` means the default user.
    public var username: String?
    /// The password; `nil` means that no AUTH is sent.
    public var password: String?
    /// The database that SELECT chooses, usually 0.
    public var database = 0
    /// Whether the address asked for TLS (`rediss://`).
    public var usesTLS = false
    /// How TLS verifies the server, and identifies us.
    public var tls = TLSOptions()
    /// The name that CLIENT LIST shows for our connections.
    public var clientName: String? = "streamkit"
    /// How long one attempt to connect may take, the handshake included.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a command that does not block may take.
    ///
    /// Blocking reads get it on top of their wait.
    public var commandTimeout: Duration = .seconds(10)
    /// How long the server is asked to block at once by a read that waits for ever.
    ///
    /// The read is then repeated. A server that hangs is noticed after this and ``commandTimeout``.
    public var longestBlock: Duration = .seconds(5)
    /// How many bytes of commands may be on their way on the shared connection: encoded and not answered yet.
    ///
    /// Beyond it callers wait in line, suspended and with nothing encoded, until half of it was answered.
    /// A command or batch that is larger is sent alone.
    public var maximumBytesInFlight = 4 << 20
    /// Receives every command and its reply; costs nothing while it is `nil`.
    public var trace: CommandTrace?
    /// Receives connects, disconnects and retries at debug level, never a payload.
    public var logger = Logger(label: "streamkit", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Where counters and timers go: `streamkit.commands`, `streamkit.errors`, `streamkit.reconnects` and
    /// `streamkit.command.duration`.
    ///
    /// `nil` takes the backend that was bootstrapped in `MetricsSystem` before the client was made; without
    /// one nothing is counted.
    public var metrics: (any MetricsFactory)?
    var commandMetrics: CommandMetrics?

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
        let user = username.map { RedisURL.encoded($0) + "@" } ?? ""
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
