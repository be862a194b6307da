import AgentRuns
import AsyncAlgorithms
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import StreamKit

/// `GET /api/agent/stream/{conversation_id}`: the answer while it is being written, from any point on.
struct StreamRoute: Sendable {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.get("/api/agent/stream/:conversation") { request, context in
            try await stream(request, of: try context.parameters.require("conversation"))
        }
    }

    private func stream(_ request: Request, of conversation: String) async throws -> Response {
        let cursor = try Cursor(of: request)
        // What is wrong is said now: once the body has begun there is no status code left to say it with.
        let format = StreamFormat(of: request)
        let (log, framing) = try await promptly {
            let log = try await backend.existingLog(of: conversation)
            try await cursor.check(against: log)
            return (log, try await format.framing(for: log, reconnectionDelay: backend.configuration.reconnectionDelay))
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType, .cacheControl: "no-cache", .xAccelBuffering: "no",
                // Watching the connection for its end uses it up, so nobody shall send another request on it.
                .xContentTypeOptions: "nosniff", .connection: "close",
            ],
            body: ResponseBody { writer in
                // A viewer that leaves while nothing happens is noticed at once, not at the next ping.
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await send(log.events(after: cursor.position), framing, to: &writer)
                    try await writer.finish(nil)
                }
            })
    }

    /// Writes event by event.
    ///
    /// The next one is asked for when the last is on its way, so a slow viewer holds up nobody and collects
    /// nothing here.
    @concurrent private func send(
        _ events: RunEvents, _ framing: any EventFraming, to writer: inout any ResponseBodyWriter
    ) async throws {
        var framing = framing
        try await writer.write(ByteBuffer(bytes: framing.start()))
        let happenings = chain(events.map { Happening.event($0) }, [Happening.end].async)
        let ticks = AsyncTimerSequence(interval: backend.configuration.pingInterval, clock: .continuous)
        do {
            for try await happening in merge(happenings, ticks.map { _ in .ping }).cancelOnGracefulShutdown() {
                let bytes =
                    switch happening {
                    case .event(let event): framing.bytes(for: event)
                    case .ping: framing.ping()
                    case .end: framing.end()
                    }
                if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                if case .end = happening { return }
            }
        } catch let error as RunLogError {
            try await writer.write(ByteBuffer(bytes: framing.failure("\(error)")))
        } catch let error as StreamKitError {
            let last =
                if case .server = error {
                    framing.failure("The log of this conversation can no longer be read.")
                } else {
                    framing.interruption("The server lost Redis. Connect again with the last id; nothing is missed.")
                }
            try await writer.write(ByteBuffer(bytes: last))
        }
    }

    private enum Happening: Sendable {
        case event(RunEvent)
        case ping
        case end
    }
}

extension HTTPField.Name {
    /// Tells nginx to pass bytes on as they come.
    static let xAccelBuffering = HTTPField.Name.checked("X-Accel-Buffering")
    /// Where a browser's `EventSource` wants to go on.
    static let lastEventID = HTTPField.Name.checked("Last-Event-ID")

    static func checked(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header name") }
        return name
    }
}
