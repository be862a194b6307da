import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import StreamKit

/// Builds the HTTP server.
///
/// It knows no agent: it accepts a run into the log of its conversation, puts it into the queue, and
/// follows the log for its viewers. Which process does the work is none of its business.
///
/// Hummingbird's server without its `Application`: that keeps some kilobytes more for each connection that is answered.
func buildServer(
    _ backend: Backend,
    logger: Logger,
    onServerRunning: @escaping @Sendable (Int) async -> Void
) throws -> any Service {
    let configuration = backend.configuration
    let limits = configuration.connections
    let maximumBodySize = RunMessage.maximumBodySize(for: configuration.maximumMessageSize)
    let api = buildAPI(backend, logger: logger)
    return try HTTPServerBuilder.guarded(limits, maximumBodySize: maximumBodySize).buildServer(
        configuration: ServerConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            // Some more than are served, so that those beyond the limit are told instead of left waiting.
            availableConnectionsDelegate: MaximumAvailableConnections(limits.connections + 32)
        ),
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
        logger: logger,
        responder: { request, writer, channel in
            try await api.answer(request, with: writer, on: channel)
        },
        onServerRunning: { channel in
            try? await channel.pipeline.addHandler(AcceptPause(), position: .first).get()
            await onServerRunning(channel.localAddress?.port ?? configuration.port)
        }
    )
}

/// Everything that the server answers.
func buildAPI(_ backend: Backend, logger: Logger) -> API {
    let configuration = backend.configuration
    let links = ViewerLinks(key: configuration.linkKey, lifetime: configuration.linkLifetime)
    let routes =
        PageRoute(hasLab: configuration.lab != nil).routes + [
            HealthRoute(redis: backend.redis, agents: configuration.agents).route,
            ProbeRoute.live,
            ProbeRoute.ready(model: configuration.model, backend.drain),
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
        doors: Doors(tokens: configuration.tokens, links: links), logger: logger,
        routes: (routes + [OpenAPIRoute(routes: routes, configuration: configuration).route])
            .map { $0.traced(backend.runs) })
}
