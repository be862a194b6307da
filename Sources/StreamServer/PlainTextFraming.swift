import AgentRuns
import StreamKit

/// The answer and nothing else, for `curl` and for files.
struct PlainTextFraming: EventFraming {
    /// Text that a later attempt has replaced already.
    let superseded: Set<StreamID>
    private var lastEvent: RunEvent?

    init(superseded: Set<StreamID>) {
        self.superseded = superseded
    }

    func start() -> [UInt8] { [] }

    // Silence is the only comment this format has.
    func ping() -> [UInt8] { [] }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        lastEvent = event
        guard event.kind == .text, !superseded.contains(event.id) else { return [] }
        return Array((event.text ?? "").utf8)
    }

    mutating func end() -> [UInt8] {
        lastEvent?.complaint.map(failure) ?? []
    }

    func interruption(_ message: String) -> [UInt8] { failure(message) }

    func failure(_ message: String) -> [UInt8] {
        Array("\n[error] \(message)\n".utf8)
    }
}
