import AgentRuns
import ServerSentEvents
import StreamKit

/// Every event of the log as one `timeline` event with JSON, see ``EventJSON``; then `done` or `error`.
struct TimelineFraming: EventFraming {
    let reconnectionDelay: Duration
    private(set) var lastEvent: RunEvent?
    private let encoder = EventStreamEncoder()

    init(reconnectionDelay: Duration) { self.reconnectionDelay = reconnectionDelay }

    func start() -> [UInt8] { encoder.retry(after: reconnectionDelay) }

    func ping() -> [UInt8] { encoder.comment("ping") }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        lastEvent = event.isLast ? event : nil
        let json = EventJSON.bytes(of: EventJSON.object(of: event))
        return encode("\(event.id)", "timeline", String(decoding: json, as: UTF8.self))
    }

    mutating func end(_ repeated: RunEvent?) -> [UInt8] {
        if let message = (lastEvent ?? repeated)?.failureMessage { return encode(nil, "error", message) }
        return encode(nil, "done", "[DONE]")
    }

    func interruption(_ message: String) -> [UInt8] { encoder.comment(message) }

    func failure(_ message: String) -> [UInt8] { encode(nil, "error", message) }

    func gap(_ gap: StreamGap) -> [UInt8] { encode(nil, "gap", gap.json) }

    private func encode(_ id: String?, _ name: String, _ data: String) -> [UInt8] {
        encoder.encode(ServerSentEvent(id: id, event: name, data: data))
    }
}
