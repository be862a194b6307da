public import AgentRuns

/// What a ``StreamServer`` has to know.
public struct StreamServerConfiguration: Sendable {
    /// The address to listen on.
    ///
    /// Only this machine can reach the default.
    public var host: String
    /// The port to listen on; 0 takes any free one.
    public var port: Int
    /// The names, beside ``host`` and those of the loopback interface, that requests may call this server by.
    ///
    /// For example `chat.example.com` where a proxy passes that name on; `*` means any. A request for another name is
    /// refused with 421, because a foreign page can point a name of its own at this machine (DNS rebinding). A server
    /// that listens on every interface may also be called by any address.
    public var allowedHosts: [String] = []
    /// The origins, for example `https://chat.example.com`, whose pages may use this server from a browser (CORS).
    public var allowedOrigins: [String] = []
    /// The bearer tokens that the server accepts; with `nil` everybody may ask and watch.
    ///
    /// With tokens, a conversation belongs to the holder of the token that started it. For everybody else it does not
    /// exist.
    public var tokens: AccessTokens?
    /// What signs links by which a browser's `EventSource` can watch without a token: at least 32 random characters.
    ///
    /// `nil` makes a key that is known to this process alone. Several processes behind one address need the same key.
    public var linkKey: String?
    /// How long a link can be used to connect.
    public var linkLifetime: Duration = .seconds(300)
    /// The names of the agents that runs may ask for.
    public var agents: Set<String>
    /// The model that a worker in this process asks, for people who look; `nil` if it is not known.
    public var model: String?
    /// How long a conversation is kept, and how long it may grow.
    public var retention: RunRetention
    /// How many prompts may wait for a worker, in all and of one caller; further ones are answered 429.
    ///
    /// A caller is the holder of a token, or without tokens the address that a connection comes from. Behind a proxy all callers share the proxy's address, and so
    /// the limit per caller: raise it there to that of all, and let the proxy limit its clients.
    public var limits = RunLimits()
    /// The names of the queue that accepted runs go into.
    public var names = RunNames()
    /// How often an event stream says that it is still there.
    ///
    /// Proxies cut what stays silent for long.
    public var pingInterval: Duration = .seconds(10)
    /// How long a browser waits before it reconnects by itself.
    public var reconnectionDelay: Duration = .seconds(1)
    /// How long a prompt that waits for its response is waited for; after that the answer is 504.
    ///
    /// The run goes on; the 504 says where to find it.
    public var responseTime: Duration = .seconds(60)
    /// How long a server that is told to stop still serves those who watch.
    ///
    /// Meanwhile it refuses new runs and `/api/ready` answers 503, so that a load balancer sends callers elsewhere.
    public var drainTime: Duration = .zero
    /// The most bytes that one message may have.
    public var maximumMessageSize = 64 * 1_024

    /// What one client may cost: connections, pipelined requests, time.
    public var connections = ConnectionLimits()

    /// What the instructor's panel of a demo may look at and break; nil, and there is no panel and no route for it.
    public var lab: (any Lab)?

    /// Creates a configuration for the agents named.
    public init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        agents: Set<String>,
        retention: RunRetention = RunRetention()
    ) {
        self.host = host
        self.port = port
        self.agents = agents
        self.retention = retention
    }
}

extension StreamServerConfiguration: CustomReflectable {
    /// Where to listen and for whom, without the key that signs links.
    public var customMirror: Mirror {
        Mirror(self, children: ["host": host, "port": port, "agents": agents.sorted(), "hasTokens": tokens != nil])
    }
}
