import HTTPTypes
import Hummingbird
import StreamKit

/// How a viewer wants its events: as server-sent events, or as nothing but the text.
enum StreamFormat: Sendable {
    case serverSentEvents(everything: Bool)
    case plainText

    /// Plain text for a client that asks for that alone; `?events=all` adds the log to the answer.
    init(of request: Request) {
        let accept = request.headers[values: .accept].joined(separator: ",").lowercased()
        if accept.contains("text/plain"), !accept.contains("text/event-stream") {
            self = .plainText
        } else {
            self = .serverSentEvents(everything: request.uri.queryParameters["events"] == "all")
        }
    }

    var contentType: String {
        switch self {
        case .serverSentEvents: "text/event-stream; charset=utf-8"
        case .plainText: "text/plain; charset=utf-8"
        }
    }

    func framing(reconnectionDelay: Duration, lineBreaks: LineBreakJoiner) -> any EventFraming {
        switch self {
        case .serverSentEvents(let everything):
            ServerSentFraming(
                everything: everything, reconnectionDelay: reconnectionDelay, lineBreaks: lineBreaks)
        case .plainText: PlainTextFraming()
        }
    }
}
