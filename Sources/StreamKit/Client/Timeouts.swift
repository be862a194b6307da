/// How long a client waits for connections and replies.
public struct Timeouts: Sendable, Hashable {
    /// How long one attempt to connect may take, the handshake included.
    public var connect: Duration = .seconds(5)
    /// How long a command that does not block may take.
    ///
    /// Blocking reads get it on top of their wait.
    public var command: Duration = .seconds(10)
    /// How long the server is asked to block at a time by a read that waits forever.
    ///
    /// The read is then repeated. A server that hangs is noticed after this and ``command``.
    public var longestBlock: Duration = .seconds(5)

    /// The default times.
    public init() {}
}
