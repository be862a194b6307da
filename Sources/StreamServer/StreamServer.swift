public import Logging
import NIOCore
public import ServiceLifecycle
public import StreamKit

/// The HTTP server as a service: it runs until its task is cancelled or a graceful shutdown begins.
///
/// A shutdown ends the streams that are being watched, without a last event, so their viewers reconnect
/// to whatever listens there next, and go on where they were.
public struct StreamServer: Service {
    private let redis: Redis
    private let configuration: StreamServerConfiguration
    private let logger: Logger
    private let onServerRunning: @Sendable (Int) async -> Void

    /// Creates a server.
    ///
    /// Nothing listens before ``run()``.
    ///
    /// - Parameters:
    ///   - redis: the client that the log and the queue are reached through.
    ///   - configuration: where to listen, and which agents, log and queue to serve.
    ///   - logger: receives what Hummingbird logs, and the requests that failed.
    ///   - onServerRunning: called once with the port that the server listens on.
    public init(
        redis: Redis,
        configuration: StreamServerConfiguration,
        logger: Logger = Logger(label: "StreamServer"),
        onServerRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.redis = redis
        self.configuration = configuration
        self.logger = logger
        self.onServerRunning = onServerRunning
    }

    /// Listens, and answers requests until it is told to stop.
    /// - Throws: ``StreamServerError`` if it cannot listen on the address of its configuration.
    public func run() async throws {
        do {
            try await serve()
        } catch let error as IOError {
            throw StreamServerError(error, host: configuration.host, port: configuration.port) ?? error
        } catch is SocketAddressError.UnknownHost {
            throw StreamServerError.unknownHost(configuration.host, reason: "nobody knows that name")
        } catch let error as SocketAddressError {
            throw StreamServerError.unknownHost(configuration.host, reason: "\(error)")
        }
    }

    /// Runs the server, and stops it some time after this task is told to shut down.
    private func serve() async throws {
        let backend = Backend(redis: redis, configuration: configuration, logger: logger)
        let server = try buildServer(backend, logger: logger, onServerRunning: onServerRunning)
        // The last is told to stop first.
        let services: [any Service] = [WaitingRunsService(runs: backend.runs, logger: logger), server]
        let group = ServiceGroup(services: services, logger: logger)
        // Detached, so that the shutdown reaches it when the time to drain is over, and not before.
        let serving = Task.detached { try await group.run() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await serving.value
            } onGracefulShutdown: {
                backend.drain.begin()
                // Unstructured, because nobody waits here; it ends with its sleep.
                Task {
                    try? await Task.sleep(for: configuration.drainTime)
                    await group.triggerGracefulShutdown()
                }
            }
        } onCancel: {
            serving.cancel()
        }
    }
}

extension StreamServer: CustomStringConvertible {
    /// Where it listens, for the log of a `ServiceGroup`.
    public var description: String { "StreamServer on \(configuration.host):\(configuration.port)" }
}
