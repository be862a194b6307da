import AgentRuns
import ServerSentEvents
import StreamKit

/// Events as `text/event-stream`: `message` for text, then `done` or `error`.
///
/// An `attempt` event tells that a worker was lost: text after its `last_valid_id` no longer counts.
/// With `everything`, the other events of the log appear under their own names too.
struct ServerSentFraming: EventFraming {
    let everything: Bool
    let reconnectionDelay: Duration
    private let encoder = EventStreamEncoder()
    /// The end of a run, kept back until it is known whether the conversation goes on after it.
    private var lastEvent: RunEvent?

    init(everything: Bool, reconnectionDelay: Duration) {
        self.everything = everything
        self.reconnectionDelay = reconnectionDelay
    }

    func start() -> [UInt8] {
        encoder.retry(after: reconnectionDelay)
    }

    func ping() -> [UInt8] {
        encoder.comment("ping")
    }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        let before = lastEvent.map(logged) ?? []
        lastEvent = event.isLast ? event : nil
        return before + (event.isLast ? [] : shown(event))
    }

    mutating func end() -> [UInt8] {
        // Whoever resumes after the last event gets the end again, without an ID: a stream always ends.
        guard let lastEvent else { return encode(nil, "done", "[DONE]") }
        let log = everything ? encode(nil, lastEvent.kind.rawValue, lastEvent.data ?? "{}") : []
        if let complaint = lastEvent.complaint { return log + encode(lastEvent.id, "error", complaint) }
        return log + encode(lastEvent.id, "done", "[DONE]")
    }

    // A comment, for people: an error event would end what a client had better take up again.
    mutating func interruption(_ message: String) -> [UInt8] {
        encoder.comment(message)
    }

    mutating func failure(_ message: String) -> [UInt8] {
        encode(nil, "error", message)
    }

    private func shown(_ event: RunEvent) -> [UInt8] {
        switch event.kind {
        case .text: encode(event.id, "message", event.text ?? "")
        case .attempt: encode(event.id, event.kind.rawValue, event.data ?? "{}")
        default: logged(event)
        }
    }

    private func logged(_ event: RunEvent) -> [UInt8] {
        everything ? encode(event.id, event.kind.rawValue, event.data ?? "{}") : []
    }

    private func encode(_ id: StreamID?, _ name: String, _ data: String) -> [UInt8] {
        encoder.encode(ServerSentEvent(id: id.map { "\($0)" }, event: name, data: data))
    }
}
