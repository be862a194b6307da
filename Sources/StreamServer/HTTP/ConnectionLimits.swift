#if canImport(Darwin)
public import Darwin
#elseif canImport(Musl)
public import Musl
#else
import Glibc
#endif

/// What one client may cost the server: how many connections, how many requests at once, and how long it may take.
public struct ConnectionLimits: Sendable {
    /// How many connections are served at once; the next ones are answered 503.
    ///
    /// The default leaves file descriptors for Redis: see ``defaultConnections``.
    public var connections: Int = Self.defaultConnections
    /// How many connections one address may have; the next ones are answered 429.
    ///
    /// Behind a proxy all clients share the proxy's address, so there the proxy has to limit them, and by default there is
    /// no limit. What comes from this machine itself is not counted. An IPv6 address counts as the network of its first
    /// 64 bits, all of which one client has.
    public var connectionsPerAddress = Int.max
    /// How many requests of one connection may wait for their answers; later ones are dropped unread.
    ///
    /// The connection closes once the admitted ones are answered. At least 2.
    public var pipelinedRequests = 16
    /// How long a client may take to send the head of a request.
    public var headTime: Duration = .seconds(10)
    /// How long a client may take to send the body of a request.
    public var bodyTime: Duration = .seconds(30)
    /// How long a connection is kept open between two requests.
    public var idleTime: Duration = .seconds(60)
    /// How long a client may leave everything unread that is ready for it, before it is cut off.
    ///
    /// What it reads afterwards counts: a slow reader is not cut off.
    public var stallTime: Duration = .seconds(30)

    /// Creates the limits a server has unless it is told otherwise.
    public init() {}

    /// Half of the file descriptors that this process may open, less 64, and at most 10,000.
    ///
    /// The other half is for Redis, files, and whatever else runs in the process. Viewers share connections to Redis.
    public static var defaultConnections: Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let outcome = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let outcome = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard outcome == 0 else { return 448 }
        let descriptors = Int(clamping: limit.rlim_cur)
        return max(16, min(10_000, descriptors / 2 - 64))
    }
}
