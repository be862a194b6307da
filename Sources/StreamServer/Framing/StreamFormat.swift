import AgentRuns
import HTTPTypes
import Hummingbird
import StreamKit

/// How a viewer wants its events: as server-sent events, or as nothing but the text.
enum StreamFormat: Hashable, Sendable {
    case serverSentEvents(everything: Bool)
    /// Every event as JSON, as the snapshot shows it.
    case timeline
    case plainText

    /// Plain text for a client that asks for that alone; `?events=all` adds the log to the answer, `?view=timeline`
    /// shows nothing else.
    init(of request: Request) throws {
        let view = request.uri.queryParameters["view"] ?? ""
        guard ["", "answer", "timeline"].contains(view) else {
            throw Problem.badRequest(
                "unknown_view", "'\(view)' is not a view. Use timeline or answer, or leave it out.")
        }
        if view == "timeline" {
            self = .timeline
        } else if request.accepts("text/plain"), !request.accepts("text/event-stream") {
            self = .plainText
        } else {
            self = .serverSentEvents(everything: request.uri.queryParameters["events"] == "all")
        }
    }

    /// `?isolation=live` shows text as it is written, `committed` once it can no longer be taken back.
    ///
    /// Plain text that was sent cannot be replaced, so `committed` is its default.
    func isolation(of request: Request) throws -> RunIsolation {
        guard let name = request.uri.queryParameters["isolation"], !name.isEmpty else {
            if case .plainText = self { return .committed }
            return .live
        }
        guard let isolation = RunIsolation(rawValue: String(name)) else {
            throw Problem.badRequest(
                "unknown_isolation", "'\(name)' is not an isolation. Use live or committed, or leave it out.")
        }
        return isolation
    }

    var contentType: String {
        switch self {
        case .serverSentEvents, .timeline: "text/event-stream; charset=utf-8"
        case .plainText: "text/plain; charset=utf-8"
        }
    }

    func framing(reconnectionDelay: Duration, lineBreaks: LineBreakJoiner) -> any EventFraming {
        switch self {
        case .serverSentEvents(let everything):
            ServerSentFraming(everything: everything, reconnectionDelay: reconnectionDelay, lineBreaks: lineBreaks)
        case .timeline: TimelineFraming(reconnectionDelay: reconnectionDelay)
        case .plainText: PlainTextFraming()
        }
    }
}

extension Request {
    /// Whether the client names this type among those that it takes; `*/*` does not count.
    func accepts(_ type: String) -> Bool {
        headers[values: .accept].joined(separator: ",").lowercased().contains(type)
    }
}
