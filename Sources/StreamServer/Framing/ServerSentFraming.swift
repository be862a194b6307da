import AgentRuns
import ServerSentEvents
import StreamKit

/// Which server-sent event each event of a run becomes: `message` for text, then `done` or `error`.
///
/// The bytes are made by `EventStreamEncoder`.
/// An `attempt` event tells that the run goes on in another attempt: text after its `last_valid_id` no longer counts.
/// With `everything`, the other events of the log appear under their own names too, see ``loggedName(of:)``.
struct ServerSentFraming: EventFraming {
    let everything: Bool
    let reconnectionDelay: Duration
    /// The end of a run, kept back until it is known whether the conversation goes on after it.
    private(set) var lastEvent: RunEvent?
    private var lineBreaks: LineBreakJoiner
    private let encoder = EventStreamEncoder()

    /// Creates a framing; `lineBreaks` knows how the text before the viewer's cursor ends.
    init(everything: Bool, reconnectionDelay: Duration, lineBreaks: LineBreakJoiner = .init()) {
        self.everything = everything
        self.reconnectionDelay = reconnectionDelay
        self.lineBreaks = lineBreaks
    }

    func start() -> [UInt8] {
        encoder.retry(after: reconnectionDelay)
    }

    func ping() -> [UInt8] {
        encoder.comment("ping")
    }

    mutating func goOn(after text: LineBreakJoiner) {
        lineBreaks = text
    }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        let before = lastEvent.map(logged) ?? []
        lastEvent = event.isLast ? event : nil
        return before + message(of: event) + (event.isLast ? [] : shown(event))
    }

    private mutating func message(of event: RunEvent) -> [UInt8] {
        let text = lineBreaks.next(event)
        return text.map { encode(event.id, "message", $0) } ?? []
    }

    mutating func end(_ repeated: RunEvent?) -> [UInt8] {
        // A viewer that resumes after the last event is told again how it ended, without an ID: a stream always ends.
        let id = lastEvent?.id
        guard let last = lastEvent ?? repeated else { return encode(nil, "done", "[DONE]") }
        let log = everything ? encode(nil, Self.loggedName(of: last.kind), last.data ?? "{}") : []
        if let message = last.failureMessage { return log + encode(id, "error", message) }
        return log + encode(id, "done", "[DONE]")
    }

    // A comment, for people: an error event would end what a client had better resume.
    mutating func interruption(_ message: String) -> [UInt8] {
        encoder.comment(message)
    }

    mutating func failure(_ message: String) -> [UInt8] {
        encode(nil, "error", message)
    }

    func gap(_ gap: StreamGap) -> [UInt8] { encode(nil, "gap", gap.json) }

    private func shown(_ event: RunEvent) -> [UInt8] {
        switch event.kind {
        case .text: []
        case .attempt where event.lastValidID != nil: encode(event.id, event.kind.rawValue, event.data ?? "{}")
        default: logged(event)
        }
    }

    private func logged(_ event: RunEvent) -> [UInt8] {
        everything ? encode(event.id, Self.loggedName(of: event.kind), event.data ?? "{}") : []
    }

    /// The name that an event of the log appears under.
    ///
    /// Programs may write any name into a log. One that could pass for an event of this protocol, or for one that
    /// browsers make themselves, appears with `log.` before it, for example `log.done`. So does a name with spaces, line
    /// breaks or control characters.
    static func loggedName(of kind: RunEvent.Kind) -> String {
        let name = kind.rawValue
        guard !name.isEmpty else { return RunEvent.Kind.unnamed.rawValue }
        let isPlain = name.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }
        return isPlain && !reservedNames.contains(name.lowercased()) ? name : "log.\(name)"
    }

    /// `message`, `done`, `error`, `attempt` and `gap` are this protocol's; browsers and clients make `open` and `close`.
    private static let reservedNames: Set<String> = ["message", "done", "error", "attempt", "gap", "open", "close"]

    private func encode(_ id: StreamID?, _ name: String, _ data: String) -> [UInt8] {
        encoder.encode(ServerSentEvent(id: id.map { "\($0)" }, event: name, data: data))
    }
}
