import AgentRuns
import HTTPTypes
import Hummingbird
import StreamKit

/// How a viewer wants its events: as server-sent events, or as nothing but the text.
enum StreamFormat: Sendable {
    case serverSentEvents(everything: Bool)
    case plainText

    /// Plain text for who asks for that alone; `?events=all` adds the log to the answer.
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

    func framing(for log: RunLog, reconnectionDelay: Duration) async throws -> any EventFraming {
        switch self {
        case .serverSentEvents(let everything):
            return ServerSentFraming(everything: everything, reconnectionDelay: reconnectionDelay)
        case .plainText:
            // Text on paper cannot be taken back, so what is superseded by now is not written at all.
            let history = try await log.history()
            let valid = Set(history.valid.map(\.id))
            return PlainTextFraming(superseded: Set(history.map(\.id)).subtracting(valid))
        }
    }
}
