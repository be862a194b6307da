public import Hummingbird
import Logging
public import StreamKit

/// Builds the HTTP application, for the program and for its tests alike.
///
/// It knows no agent: it accepts a run into the log of its conversation, puts it into the queue, and
/// follows the log for whoever watches. Which process does the work is none of its business.
///
/// - Parameters:
///   - redis: the client that the log and the queue are reached through.
///   - configuration: where to listen, and which agents, log and queue to serve.
///   - logger: receives what Hummingbird logs, and the requests that failed.
///   - onServerRunning: called once with the port that the server listens on.
/// - Returns: the application; nothing listens before it is run.
public func buildApplication(
    redis: Redis,
    configuration: StreamServerConfiguration,
    logger: Logger = Logger(label: "StreamServer"),
    onServerRunning: @escaping @Sendable (Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
    Application(
        router: buildRouter(redis: redis, configuration: configuration),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "StreamServer"
        ),
        onServerRunning: { channel in await onServerRunning(channel.localAddress?.port ?? configuration.port) },
        logger: logger
    )
}

/// Every route of the server.
func buildRouter(redis: Redis, configuration: StreamServerConfiguration) -> Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware())
    PageRoute().add(to: router)
    let backend = Backend(redis: redis, configuration: configuration)
    HealthRoute(redis: redis, agents: configuration.agents).add(to: router)
    RunRoute(backend: backend).add(to: router)
    StreamRoute(backend: backend).add(to: router)
    CancelRoute(backend: backend).add(to: router)
    return router
}
