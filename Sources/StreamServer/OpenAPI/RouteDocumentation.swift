/// What the OpenAPI document says of a route beside its method and its path.
struct RouteDocumentation: Sendable {
    /// Something in the query or the head of a request.
    struct Parameter: Sendable {
        var name: String
        var place = "query"
        var summary: String
        /// The values that are taken; any text if there are none.
        var values: [String] = []
        /// What a text has to look like.
        var pattern: String?
    }

    /// What a route answers when all is well.
    struct Answer: Sendable {
        var status: Int
        var summary: String
        /// Media types, each with the name of the schema of its body.
        var content: [String: String] = [:]
    }

    var summary: String
    var parameters: [Parameter] = []
    /// The schema of the JSON that the route takes, if it takes any.
    var body: String?
    var answers: [Answer] = [.init(status: 200, summary: "The answer.", content: ["application/json": "Object"])]
    /// Which problems the route can answer beside those that every route can.
    var problems: [Int] = []
}

extension RouteDocumentation.Parameter {
    private static let eventID = "^([0-9]{1,19}(-[0-9]{1,19})?)?$"
    static let isolation = Self(
        name: "isolation",
        summary: "live shows text as it is written, committed once it can no longer be taken back.",
        values: ["live", "committed"])
    static let wait = Self(
        name: "wait_for_response", summary: "Whether to answer when the response is complete.",
        values: ["true", "false", "1", "0", ""])
    static let waitHeader = Self(
        name: "x-ms-wait-for-response", place: "header", summary: "As wait_for_response.",
        values: ["true", "false", "1", "0", ""])
    static let whenBusy = Self(
        name: "when_busy", summary: "queue lets the prompt wait for the end of an open run, refuse answers 409.",
        values: ["refuse", "queue"])
    static let idempotencyKey = Self(
        name: "Idempotency-Key", place: "header",
        summary: "The sender's name for this request; the same request sent again with it does nothing new.",
        pattern: "^[!-~]{1,255}$")
    static let lastEventID = Self(
        name: "Last-Event-ID", place: "header", summary: "As cursor; it wins over that.", pattern: eventID)
    static let cursor = Self(
        name: "cursor", summary: "The id of the last event that the viewer has; what comes after it is sent.",
        pattern: eventID)
    static let from = Self(
        name: "from", summary: "Where to begin without a cursor.", values: ["beginning", "now"])
    static let view = Self(
        name: "view", summary: "timeline sends every event as JSON.", values: ["answer", "timeline"])
    static let events = Self(name: "events", summary: "all adds the log to the answer.")
}

extension RouteDocumentation {
    static let page = Self(
        summary: "The page.",
        answers: [.init(status: 200, summary: "The page, for browsers.", content: ["text/html": "Text"])])
    static let asset = Self(
        summary: "The page's script and style.",
        answers: [
            .init(
                status: 200, summary: "The file.", content: ["text/javascript": "Text", "text/css": "Text"])
        ], problems: [404])
    static let health = Self(
        summary: "Whether the server can do its work.",
        answers: [
            .init(status: 200, summary: "It can.", content: ["application/json": "Object"]),
            .init(status: 503, summary: "It cannot reach Redis.", content: ["application/json": "Object"]),
        ])
    static let probe = Self(
        summary: "What a platform asks about this process.",
        answers: [
            .init(status: 200, summary: "It is well.", content: ["application/json": "Object"]),
            .init(status: 503, summary: "It is about to end.", content: ["application/json": "Object"]),
        ])
    static let run = Self(
        summary: "Asks an agent.", parameters: [.wait, .waitHeader, .idempotencyKey, .whenBusy], body: "Prompt",
        answers: [
            .init(
                status: 200,
                summary: "The response, for a sender that waits; its events as they come, for one that "
                    + "takes text/event-stream.",
                content: ["application/json": "Response", "text/plain": "Text", "text/event-stream": "ServerSentEvent"]),
            .init(status: 202, summary: "Accepted.", content: ["application/json": "Accepted"]),
        ],
        problems: [404, 408, 409, 410, 413, 415, 422, 429, 502, 504])
    static let stream = Self(
        summary: "Follows a conversation.",
        parameters: [.cursor, .lastEventID, .from, .view, .events, .isolation],
        answers: [
            .init(
                status: 200,
                summary: "The events, until the newest run is over; the text alone for Accept: text/plain.",
                content: ["text/event-stream": "ServerSentEvent", "text/plain": "Text"])
        ],
        problems: [404, 409, 410])
    static let snapshot = Self(
        summary: "A conversation as it stands.", parameters: [.isolation],
        answers: [.init(status: 200, summary: "The snapshot.", content: ["application/json": "Snapshot"])],
        problems: [404, 409, 410])
    static let cancel = Self(
        summary: "Calls off what is being written.",
        answers: [.init(status: 202, summary: "Called off.", content: ["application/json": "Cancelled"])],
        problems: [404, 409, 410])
    static let link = Self(
        summary: "Makes addresses by which somebody without a token can watch the conversation for some minutes.",
        answers: [.init(status: 200, summary: "The addresses.", content: ["application/json": "Link"])],
        problems: [404, 409])
    static let decision = Self(
        summary: "Says whether an agent may call the tool that it asked for.", body: "Decision",
        answers: [.init(status: 202, summary: "Written down.", content: ["application/json": "Object"])],
        problems: [404, 408, 409])
    static let openAPI = Self(
        summary: "This document.",
        answers: [.init(status: 200, summary: "The document.", content: ["application/json": "Object"])])
}
