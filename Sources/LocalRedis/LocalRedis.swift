import Dispatch
import Foundation
public import StreamKit
import Synchronization

/// A private redis-server for a lesson or a test, in a directory of its own.
///
/// It listens on a unix socket that only this user may open, and on a free port of 127.0.0.1 if asked.
/// Server and directory are gone after ``stop()``, and when this process ends in any other way:
/// by Ctrl-C, a crash or `kill -9`. ``kill()`` and ``restart()`` let a test see what a crash of
/// the server does.
public final class LocalRedis: Sendable {
    /// How to reach the server: by its port if it has one, else by its unix socket.
    public let configuration: RedisConfiguration
    /// The port it listens on, if it was asked to.
    public let port: Int?
    /// The directory that holds its socket, its data and its log, open to this user only.
    public let directory: String
    /// The path of its unix socket.
    public let socket: String

    /// The process it runs in, for as long as it runs.
    public var processID: Int32? { state.withLock { $0.server?.id } }

    struct State {
        var server: ChildProcess?
        var lifeline: Lifeline?
        var isAbandoned = false
    }

    let command: [String]
    let state: Mutex<State>
    /// Starting, killing and stopping wait for other processes: one after the other, off Swift's own threads.
    let queue = DispatchQueue(label: "StreamKit.LocalRedis")

    /// Starts a server and returns when it answers.
    ///
    /// - Parameter options: durable or not, with a TCP port or without; see ``Options``.
    /// - Returns: the running server; call ``stop()`` when done, or use ``withLocalRedis(options:_:)``.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` if there is no redis-server, with what to install,
    ///   or if it does not come up, with the end of its log;
    ///   ``StreamKitError/invalidInput(_:)`` if an argument contains a zero byte.
    public static func start(options: Options = Options()) async throws -> LocalRedis {
        var attempt = 1
        while true {
            let redis = try LocalRedis(options)
            do {
                try await redis.launch(acceptsLoading: false)
                return redis
            } catch {
                let portWasTaken = options.tcp && redis.log().contains("Address already in use")
                await redis.stop()
                attempt += 1
                guard portWasTaken, attempt <= 5 else { throw error }
            }
        }
    }

    private init(_ options: Options) throws {
        let binary = try ServerBinary.find(asked: options.binary)
        let port = options.tcp ? LocalSocket.freePort() : nil
        directory = try PrivateDirectory.make()
        socket = directory + "/" + PrivateDirectory.socketName
        self.port = port
        command = [binary] + options.arguments(directory: directory, socket: socket, port: port)
        configuration =
            port.map { RedisConfiguration(host: "127.0.0.1", port: $0) } ?? RedisConfiguration(unixSocket: socket)
        state = Mutex(State(lifeline: try Lifeline(directory: directory)))
    }

    deinit {
        let (server, lifeline) = state.withLock { ($0.server, $0.lifeline) }
        guard let lifeline else { return }
        DispatchQueue.global().async {
            lifeline.end()
            server?.reap()
        }
    }

    /// Ends the server at once, as a crash would (SIGKILL); data and address stay for ``restart()``.
    public func kill() async {
        await perform { self.end(within: .zero) }
    }

    /// Starts the server again with the same data, at the same address; a running one is stopped first.
    ///
    /// What it still has depends on ``Options/durable``.
    ///
    /// - Parameter acceptsLoading: whether a server that is still loading its data counts as started.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` if it does not come up, with the end of its log.
    public func restart(acceptsLoading: Bool = false) async throws {
        await perform { self.end(within: .seconds(2)) }
        try await launch(acceptsLoading: acceptsLoading)
    }

    /// Ends the server, asking first (SIGTERM) and then not (SIGKILL), and removes its directory.
    public func stop() async {
        await perform {
            self.end(within: .seconds(2))
            guard let lifeline = self.state.withLock({ $0.lifeline.take() }) else { return }
            lifeline.end()
            // There is something left to remove only if somebody killed the watchdog.
            try? FileManager.default.removeItem(atPath: self.directory)
        }
    }
}
