import AgentRuns
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
            try await stream(request, of: parameters[0], context)
        }
    }

    private func stream(_ request: Request, of conversation: String, _ context: APIContext) async throws -> Response {
        let cursor = try await Cursor(of: request, in: conversation, backend)
        let format = try StreamFormat(of: request)
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
            body: body(for: Viewer(on: context.channel), isHead: request.method == .head) {
                let framing = format.framing(
                    reconnectionDelay: backend.configuration.reconnectionDelay, lineBreaks: lineBreaks)
                let key = Rendition.Key(conversation: log.conversationID, format: format, isolation: isolation)
                return (key, framing, cursor.position)
            })
    }

    private func body(
        for viewer: Viewer, isHead: Bool,
        _ what: @escaping @Sendable () -> (Rendition.Key, any EventFraming, StreamPosition)
    ) -> ResponseBody {
        ResponseBody { writer in
            guard !isHead else { return try await writer.finish(nil) }
            var (key, framing, position) = what()
            try await writer.write(ByteBuffer(bytes: framing.start()))
            try await send(replay(key, from: position, framing), of: key, viewer, &writer)
            try await writer.finish(nil)
        }
    }

    /// How the text before a cursor ends, by the last few events.
    private func joiner(before cursor: Cursor, in log: RunLog) async throws -> LineBreakJoiner {
        guard let id = cursor.id, id != .zero else { return LineBreakJoiner() }
        return LineBreakJoiner(after: try await log.newestEvents(16, upTo: id))
    }

    /// Writes what is there already, then what comes, and begins again with a viewer that has fallen behind.
    @concurrent private func send(
        _ replay: Replay, of key: Rendition.Key, _ viewer: Viewer, _ writer: inout any ResponseBodyWriter
    ) async throws {
        var next: Replay? = replay
        while let replay = next {
            // While somebody watches, a replay and the page that it read last would be dead weight.
            next = nil
            guard let (rendition, position) = try await rendition(after: replay, key, &writer) else { return }
            let outcome = await viewer.watch(rendition, from: position)
            backend.renditions.leave(rendition)
            switch outcome {
            case .left: return
            case .over(let farewell): return try await writer.write(farewell)
            case .behind(let position): next = try await self.replay(key, behind: position)
            }
        }
    }

    /// Writes what is there until a rendition can take over; `nil` once everything is written.
    @concurrent private func rendition(
        after replay: consuming Replay, _ key: Rendition.Key, _ writer: inout any ResponseBodyWriter
    ) async throws -> (Rendition, StreamID)? {
        if let rendition = backend.renditions.join(key, at: replay.position) { return (rendition, replay.position) }
        do {
            while true {
                let progress: Replay.Progress
                (replay, progress) = try await Self.next(replay)
                switch progress {
                case .frames(let frames):
                    var bytes = ByteBuffer()
                    for frame in frames { bytes.writeImmutableBuffer(frame.bytes) }
                    if bytes.readableBytes > 0 { try await writer.write(bytes) }
                case .idle: return (backend.renditions.joinOrStart(key, replay), replay.position)
                case .over(let farewell):
                    try await writer.write(farewell)
                    return nil
                }
            }
        } catch is CancellationError {
            return nil
        } catch {
            guard let farewell = replay.farewell(after: error) else { throw error }
            try await writer.write(farewell)
            return nil
        }
    }

    /// Reads on in a task of its own: what it needs of the stack is given back, while a connection's task keeps its.
    private static func next(_ replay: Replay) async throws -> (Replay, Replay.Progress) {
        try await cancelWhenGracefulShutdown {
            var replay = replay
            let progress = try await replay.next(waiting: false)
            return (replay, progress)
        }
    }

    private func replay(
        _ key: Rendition.Key, from position: StreamPosition, _ framing: any EventFraming
    ) -> Replay {
        let start: StreamID = if case .after(let id) = position { id } else { .zero }
        let events = backend.runs.events(of: key.conversation, after: position, isolation: key.isolation)
        return Replay(of: backend.runs.log(of: key.conversation), events, from: start, framing)
    }

    private func replay(_ key: Rendition.Key, behind position: StreamID) async throws -> Replay {
        let cursor = Cursor(id: position)
        let lineBreaks = try await joiner(before: cursor, in: backend.runs.log(of: key.conversation))
        let framing = key.format.framing(
            reconnectionDelay: backend.configuration.reconnectionDelay, lineBreaks: lineBreaks)
        return replay(key, from: cursor.position, framing)
    }
}

extension HTTPField.Name {
    /// Tells nginx to pass bytes on as they come.
    static let xAccelBuffering = HTTPField.Name.checked("X-Accel-Buffering")
    /// Where a browser's `EventSource` wants to go on.
    static let lastEventID = HTTPField.Name.checked("Last-Event-ID")
}
