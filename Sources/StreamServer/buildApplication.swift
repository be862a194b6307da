import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import StreamKit

/// Builds the HTTP application.
///
/// It knows no agent: it accepts a run into the log of its conversation, puts it into the queue, and
/// follows the log for its viewers. Which process does the work is none of its business.
func buildApplication(
    redis: Redis,
    configuration: StreamServerConfiguration,
    drain: Drain,
    logger: Logger,
    onServerRunning: @escaping @Sendable (Int) async -> Void
) -> some ApplicationProtocol {
    let limits = configuration.connections
    let maximumBodySize = RunMessage.maximumBodySize(for: configuration.maximumMessageSize)
    return Application(
        responder: buildAPI(redis: redis, configuration: configuration, drain: drain, logger: logger),
        server: .guarded(limits, maximumBodySize: maximumBodySize),
        configuration: ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "StreamServer",
            // Some more than are served, so that those beyond the limit are told instead of left waiting.
            availableConnectionsDelegate: MaximumAvailableConnections(limits.connections + 32)
        ),
        onServerRunning: { channel in
            try? await channel.pipeline.addHandler(AcceptPause(), position: .first).get()
            await onServerRunning(channel.localAddress?.port ?? configuration.port)
        },
        logger: logger
    )
}

/// Everything that the server answers.
func buildAPI(redis: Redis, configuration: StreamServerConfiguration, drain: Drain, logger: Logger) -> API {
    let backend = Backend(redis: redis, configuration: configuration, drain: drain, logger: logger)
    let links = ViewerLinks(key: configuration.linkKey, lifetime: configuration.linkLifetime)
    let routes =
        PageRoute(hasLab: configuration.lab != nil).routes + [
            HealthRoute(redis: redis, agents: configuration.agents).route,
            ProbeRoute.live,
            ProbeRoute.ready(model: configuration.model, drain),
            RunRoute(backend: backend).route,
            StreamRoute(backend: backend).route,
            SnapshotRoute(backend: backend).route,
            ApprovalRoute(backend: backend).route,
            LinkRoute(backend: backend, links: links).route,
        ] + CancelRoute(backend: backend).routes + (configuration.lab.map { LabRoutes(lab: $0).routes } ?? [])
    return API(
        access: AccessPolicy(
            host: configuration.host, allowedHosts: configuration.allowedHosts,
            allowedOrigins: configuration.allowedOrigins),
        crossOrigin: CrossOriginPolicy(allowedOrigins: configuration.allowedOrigins),
        doors: Doors(tokens: configuration.tokens, links: links),
        routes: (routes + [OpenAPIRoute(routes: routes, configuration: configuration).route])
            .map { $0.traced(backend.runs) })
}
