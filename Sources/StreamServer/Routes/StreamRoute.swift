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
        Route(.get, "/api/agent/stream/{conversation_id}", .stream, door: .tokenOrLink) {
            request, parameters, context in
            let cursor = try await Cursor(of: request, in: parameters[0], backend)
            return try await stream(request, of: parameters[0], after: cursor, context)
        }
    }

    /// The answer that goes on until the run is over.
    func stream(
        _ request: Request, of conversation: String, after cursor: Cursor, _ context: APIContext
    ) async throws -> Response {
        let format = try StreamFormat(of: request)
        let isolation = try format.isolation(of: request)
        // What is wrong is said now: once the body has begun, the status code has been sent.
        let (log, lineBreaks) = try await promptly {
            let log = try await backend.existingLog(of: conversation, for: cursor, by: context.caller)
            try await log.check(cursor.id)
            return (log, try await joiner(before: cursor, in: log))
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType, .cacheControl: "no-cache, no-transform", .xAccelBuffering: "no",
                // Watching the connection for its end uses it up, so it can carry no further request.
                .xContentTypeOptions: "nosniff", .connection: "close", .conversationID: conversation,
            ],
            body: body(
                for: Viewer(on: context.channel, metrics: backend.renditions.metrics), isHead: request.method == .head,
                from: cursor, lineBreaks,
                Rendition.Key(conversation: log.conversationID, format: format, isolation: isolation)))
    }

    private func body(
        for viewer: Viewer, isHead: Bool, from cursor: Cursor, _ lineBreaks: LineBreakJoiner, _ key: Rendition.Key
    ) -> ResponseBody {
        ResponseBody { writer in
            guard !isHead else { return try await writer.finish(nil) }
            try await writer.write(ByteBuffer(bytes: framing(key, lineBreaks).opening))
            backend.renditions.metrics?.viewerCame()
            defer { backend.renditions.metrics?.viewerLeft() }
            let farewell = try await watch(key, from: cursor, lineBreaks, viewer)
            if farewell.readableBytes > 0 { try await writer.write(farewell) }
            try await writer.finish(nil)
        }
    }

    private func framing(_ key: Rendition.Key, _ lineBreaks: LineBreakJoiner) -> any EventFraming {
        key.format.framing(reconnectionDelay: backend.configuration.reconnectionDelay, lineBreaks: lineBreaks)
    }

    /// How the text before a cursor ends.
    private func joiner(before cursor: Cursor, in log: RunLog) async throws -> LineBreakJoiner {
        guard let id = cursor.id, id != .zero else { return LineBreakJoiner() }
        return try await LineBreakJoiner(after: id, in: log)
    }

    /// Sends what is there already, then what comes, and begins again for a viewer that has fallen behind.
    ///
    /// - Returns: What is written last.
    @concurrent private func watch(
        _ key: Rendition.Key, from cursor: Cursor, _ lineBreaks: LineBreakJoiner, _ viewer: Viewer
    ) async throws -> ByteBuffer {
        var arrival = try await catchUp(key, from: cursor, lineBreaks, viewer)
        while case .live(let rendition, let position) = arrival {
            let outcome = await viewer.watch(rendition, from: position)
            backend.renditions.leave(rendition)
            switch outcome {
            case .left: return ByteBuffer()
            case .over(let farewell): return farewell
            case .behind(let position): arrival = try await catchUp(key, from: Cursor(id: position), nil, viewer)
            }
        }
        guard case .over(let farewell) = arrival else { return ByteBuffer() }
        return farewell
    }

    /// How a replay has ended.
    private enum Arrival: Sendable {
        /// The rendition goes on from the position.
        case live(Rendition, StreamID)
        /// These bytes are last.
        case over(ByteBuffer)
    }

    /// Sends what is there until a rendition can take over; without line breaks the log is asked for them.
    ///
    /// This runs in a task of its own: what it needs of the stack is given back at its end, while the task of a
    /// connection would keep that as long as somebody watches.
    private func catchUp(
        _ key: Rendition.Key, from cursor: Cursor, _ lineBreaks: LineBreakJoiner?, _ viewer: Viewer
    ) async throws -> Arrival {
        let start = cursor.id ?? .zero
        if let rendition = backend.renditions.join(key, at: start) { return .live(rendition, start) }
        return try await cancelWhenGracefulShutdown {
            let log = backend.runs.log(of: key.conversation)
            let events = log.events(after: cursor.position, isolation: key.isolation)
            let lineBreaks = if let lineBreaks { lineBreaks } else { try await joiner(before: cursor, in: log) }
            var replay = Replay(of: log, events, from: start, framing(key, lineBreaks))
            do {
                while true {
                    switch try await replay.next(waiting: false) {
                    case .frames(let frames):
                        var bytes = ByteBuffer()
                        for frame in frames { bytes.writeImmutableBuffer(frame.bytes) }
                        try await viewer.send(BodyPiece(bytes, events: frames.count))
                    case .idle:
                        return .live(backend.renditions.joinOrStart(key, replay), replay.position)
                    case .over(let farewell): return .over(farewell)
                    }
                }
            } catch {
                return .over(await replay.farewell(after: error) ?? ByteBuffer())
            }
        }
    }
}

extension EventFraming {
    /// What comes first.
    fileprivate var opening: [UInt8] {
        var framing = self
        return framing.start()
    }
}

extension HTTPField.Name {
    /// Tells nginx to pass bytes on as they come.
    static let xAccelBuffering = HTTPField.Name.checked("X-Accel-Buffering")
    /// The conversation that an answer belongs to.
    static let conversationID = HTTPField.Name.checked("x-conversation-id")
    /// Where a browser's `EventSource` wants to go on.
    static let lastEventID = HTTPField.Name.checked("Last-Event-ID")
}
