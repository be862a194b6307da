import AgentRuns
import Hummingbird
import StreamKit

/// Where a viewer wants to begin: after an entry it has seen, at the beginning, or with what is new.
struct Cursor: Sendable {
    let id: StreamID?

    init(id: StreamID?) { self.id = id }

    var position: StreamPosition {
        id.map { .after($0) } ?? .beginning
    }

    /// Reads `Last-Event-ID`, `?cursor=` and `?lastEventId=`; `?from=` says where to begin without a cursor.
    ///
    /// The header wins: a browser that reconnects by itself repeats the URL it was given, whose cursor
    /// is old by then, and adds the header, which is not.
    init(of request: Request, in conversation: String, _ backend: Backend) async throws {
        let header = request.headers[.lastEventID].flatMap { $0.isEmpty ? nil : $0 }
        let query = ["cursor", "lastEventId"].lazy
            .compactMap { request.uri.queryParameters[Substring($0)] }.first { !$0.isEmpty }.map(String.init)
        guard let text = header ?? query else {
            id = try await Self.start(of: request, in: conversation, backend)
            return
        }
        guard let id = StreamID(text) else {
            throw Problem.badRequest(
                "malformed_cursor",
                "'\(text)' is not a valid cursor. Send the id of an event, such as 1718000000000-0, or leave it out to begin "
                    + "at the beginning.")
        }
        self.id = id
    }

    /// Where a viewer begins that has seen nothing: at the beginning, or with `?from=now` behind the newest event.
    private static func start(
        of request: Request, in conversation: String, _ backend: Backend
    ) async throws -> StreamID? {
        switch request.uri.queryParameters["from"] ?? "" {
        case "", "beginning": nil
        case "now": try await promptly { try await backend.runs.log(of: conversation).stream.lastID() }
        case let other:
            throw Problem.badRequest(
                "unknown_start", "'\(other)' is not a place to begin. Use now or beginning, or leave it out.")
        }
    }
}
