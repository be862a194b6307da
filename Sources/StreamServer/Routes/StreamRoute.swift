import AgentRuns
import AsyncAlgorithms
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import StreamKit

/// `GET /api/agent/stream/{conversation_id}`: the answer while it is being written, from any point on.
struct StreamRoute: Sendable {
    let backend: Backend

    var route: Route {
        Route(.get, "/api/agent/stream/{conversation_id}") { request, parameters, context in
            try await stream(request, of: parameters[0], context.logger)
        }
    }

    private func stream(_ request: Request, of conversation: String, _ logger: Logger) async throws -> Response {
        let cursor = try Cursor(of: request)
        let format = StreamFormat(of: request)
        let isolation = try format.isolation(of: request)
        // What is wrong is said now: once the body has begun there is no status code left to say it with.
        let (log, lineBreaks) = try await promptly {
            let log = try await backend.existingLog(of: conversation)
            try await backend.runs.check(cursor.id, of: conversation)
            return (log, try await joiner(before: cursor, in: log))
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType, .cacheControl: "no-cache", .xAccelBuffering: "no",
                // Watching the connection for its end uses it up, so it can carry no further request.
                .xContentTypeOptions: "nosniff", .connection: "close",
            ],
            body: ResponseBody { writer in
                guard request.method != .head else { return try await writer.finish(nil) }
                let framing = format.framing(
                    reconnectionDelay: backend.configuration.reconnectionDelay, lineBreaks: lineBreaks)
                // A viewer that leaves while nothing happens is noticed at once, not at the next ping.
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await send(
                        backend.runs.events(of: conversation, after: cursor.position, isolation: isolation), log,
                        framing, to: &writer, logger)
                    try await writer.finish(nil)
                }
            })
    }

    /// How the text before a cursor ends, by the last few events.
    private func joiner(before cursor: Cursor, in log: RunLog) async throws -> LineBreakJoiner {
        guard let id = cursor.id, id != .zero else { return LineBreakJoiner() }
        return LineBreakJoiner(after: try await log.newestEvents(16, upTo: id))
    }

    /// Writes event by event.
    ///
    /// The next one is asked for when the last is on its way, so a slow viewer holds up nobody and collects
    /// nothing here.
    @concurrent private func send(
        _ events: RunEvents, _ log: RunLog, _ framing: any EventFraming, to writer: inout any ResponseBodyWriter,
        _ logger: Logger
    ) async throws {
        var framing = framing
        try await writer.write(ByteBuffer(bytes: framing.start()))
        let items = chain(events.map { Item.event($0) }, [Item.end].async)
        let ticks = AsyncTimerSequence(interval: backend.configuration.pingInterval, clock: .continuous)
        do {
            for try await item in merge(items, ticks.map { _ in .ping }).cancelOnGracefulShutdown() {
                let bytes =
                    switch item {
                    case .event(let event): framing.bytes(for: event)
                    case .ping: framing.ping()
                    case .end: framing.end(framing.lastEvent == nil ? try await newest(of: log) : nil)
                    }
                if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
                if case .end = item { return }
            }
        } catch let error as RunLogError {
            try await writer.write(ByteBuffer(bytes: framing.failure("\(error)")))
        } catch let error as StreamKitError {
            logger.warning("The stream of \(log.conversationID) broke off", metadata: ["error": "\(error)"])
            let last =
                if case .server = error {
                    framing.failure("The log of this conversation can no longer be read.")
                } else {
                    framing.interruption("The server lost Redis. Connect again with the last id; nothing is missed.")
                }
            try await writer.write(ByteBuffer(bytes: last))
        }
    }

    private func newest(of log: RunLog) async throws -> RunEvent? {
        try await log.newestEvents(1).first
    }

    private enum Item: Sendable {
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
}
