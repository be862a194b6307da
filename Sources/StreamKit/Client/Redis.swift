public import ServiceLifecycle
import Synchronization

/// A client of one Redis server: safe to share between any number of tasks.
///
/// Ordinary commands of all tasks share one connection and are pipelined automatically. A command that
/// blocks gets a connection of its own for as long as it blocks, so that it delays nobody else. Nothing is
/// connected before the first command, and a lost connection comes back by itself.
public final class Redis: Sendable {
    /// Where and how this client connects.
    public let configuration: RedisConfiguration
    let shared: Session
    let blocking: BlockingSessions

    /// A client that connects on its first command.
    public init(_ configuration: RedisConfiguration) {
        var configuration = configuration
        configuration.observers = CommandObservers(configuration)
        configuration.credentialStore = configuration.credentialProvider.map { provider in
            CredentialStore(provider, logger: configuration.observability.logger)
        }
        self.configuration = configuration
        shared = Session(configuration)
        blocking = BlockingSessions(configuration)
        configuration.credentialStore?.whenRenewed { [shared] credentials, generation in
            try await shared.authenticate(credentials, generation)
        }
    }

    deinit {
        close()
    }

    /// Closes every connection.
    ///
    /// Commands that wait fail with ``StreamKitError/closed``.
    public func close() {
        configuration.credentialStore?.stop()
        shared.close()
        blocking.close()
    }

    /// Sends one command that does not block.
    ///
    /// - Parameter arguments: its name, then its arguments.
    /// - Returns: the server's reply.
    /// - Throws: ``StreamKitError/server(_:)`` when the reply is an error, another ``StreamKitError`` if the server
    ///   cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func send(_ arguments: String...) async throws -> Reply {
        try await send(arguments)
    }

    /// Sends one command that does not block, its arguments in an array.
    ///
    /// - Parameter arguments: its name, then its arguments.
    /// - Returns: the server's reply.
    /// - Throws: ``StreamKitError/server(_:)`` when the reply is an error, another ``StreamKitError`` if the server
    ///   cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func send(_ arguments: [String]) async throws -> Reply {
        try Self.check(arguments)
        return try await execute { $0.command(arguments) }
    }

    /// Sends a command that may block, such as BRPOP, on a connection of its own.
    ///
    /// - Parameters:
    ///   - arguments: its name, then its arguments, with its own timeout among them.
    ///   - wait: the same timeout, from which the client-side deadline follows.
    /// - Returns: the server's reply.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func sendBlocking(_ arguments: [String], wait: ReadWait) async throws -> Reply {
        try Self.check(arguments)
        return try await executeBlocking(wait: wait) { $0.command(arguments) }
    }

    /// What the server offers beyond Redis 7.0 (COMMAND INFO, COMMAND DOCS, HELLO).
    ///
    /// The server is asked once per connection, on first use. After a reconnect it is asked again.
    ///
    /// - Returns: its features; none if an ACL forbids the question, see ``ServerCapabilities/isKnown``.
    /// - Throws: ``StreamKitError`` if it cannot be reached, `CancellationError` if cancelled.
    public func capabilities() async throws -> ServerCapabilities {
        if let known = shared.link?.capabilities.withLock({ $0 }) { return known }
        return try await RetryPolicy(maximumRetries: 2).run(if: Self.isLoss) { _ in
            // It connects first, so that it is certain which connection's server the answer is about.
            if !shared.isConnected { try await send("PING") }
            let link = shared.link
            let answer = ServerCapabilities(try await pipeline(ServerCapabilities.ask).map { try? $0.get() })
            if let link, link === shared.link { link.capabilities.withLock { $0 = answer } }
            return answer
        }
    }

    private static func isLoss(_ error: any Error) -> Bool {
        if case StreamKitError.connectionLost = error { true } else { false }
    }

    private static func check(_ arguments: [String]) throws {
        guard !arguments.isEmpty else { throw StreamKitError.invalidInput("A command needs at least its name.") }
    }
}

extension Redis: Service {
    /// Waits until the service group shuts down or the task is cancelled, then closes every connection.
    ///
    /// Put it first in a `ServiceGroup`: services are shut down in reverse order, so those that use it end
    /// before it does. The client works without a running service, too: commands connect by themselves.
    public func run() async {
        defer { close() }
        // Both a shutdown and a cancellation end it, and neither is a failure of this service.
        try? await gracefulShutdown()
    }
}

/// Runs `body` with a client and closes the client afterwards, whatever happens.
///
/// - Throws: what `body` throws.
@discardableResult
public func withRedis<R>(_ configuration: RedisConfiguration, _ body: (Redis) async throws -> R) async throws -> R {
    let redis = Redis(configuration)
    defer { redis.close() }
    return try await body(redis)
}
