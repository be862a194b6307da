import LocalRedis
import StreamKit
import Synchronization

/// One private redis-server for a whole test process, started by the first test that needs one.
///
/// Tests share it and keep apart by their keys; see ``scratchKey(_:)``. It ends with the process. A test
/// that stops, kills or reconfigures its server takes one of its own, with ``withScratchServer(_:_:)``.
public actor TestServer {
    /// The server of this process.
    public static let shared = TestServer()

    private var starting: Task<LocalRedis, any Error>?

    /// The server, which listens on a unix socket and on a port.
    public func server() async throws -> LocalRedis {
        if let starting { return try await starting.value }
        // Unstructured because all tests share it: the first one's cancellation must not reach the others.
        let task = Task { try await LocalRedis.start(options: .init(tcp: true)) }
        starting = task
        return try await task.value
    }

    /// How to reach the server.
    public func configuration() async throws -> RedisConfiguration {
        try await server().configuration
    }
}

/// Runs a test with a connection of its own to the server that all tests share.
///
/// Use keys from ``scratchKey(_:)`` only, and leave the server's settings alone.
public func withScratchRedis<R>(_ body: (Redis) async throws -> R) async throws -> R {
    try await withRedis(TestServer.shared.configuration(), body)
}

/// Runs a test with a server of its own, to be killed, restarted or configured.
public func withScratchServer<R>(
    _ options: LocalRedis.Options = .init(tcp: true), _ body: (LocalRedis) async throws -> R
) async throws -> R {
    try await withLocalRedis(options: options, body)
}

extension RedisConfiguration {
    /// The same server for a client that gives up soon, though not before a slow machine has answered.
    public var impatient: RedisConfiguration {
        var copy = self
        copy.timeouts.command = .seconds(3)
        return copy
    }
}

/// Runs a test with a stream that no other test writes to.
public func withScratchStream<R>(
    _ hint: String = #function, _ body: (RedisStream) async throws -> R
) async throws -> R {
    try await withScratchRedis { try await body($0.stream(scratchKey(hint))) }
}

/// A key that no other test uses; the test's own name stands in it.
public func scratchKey(_ hint: String = #function) -> String {
    let number = scratchKeys.wrappingAdd(1, ordering: .relaxed).newValue
    let words = hint.split { !$0.isLetter && !$0.isNumber }
    return "scratch:\(number):" + words.joined(separator: "-")
}

private let scratchKeys = Atomic<Int>(0)
