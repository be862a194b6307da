import AgentRuns
import StreamKit

/// The answer and nothing else, byte for byte, for `curl` and for files.
struct PlainTextFraming: EventFraming {
    private(set) var lastEvent: RunEvent?

    func start() -> [UInt8] { [] }

    // Silence is the only comment this format has.
    func ping() -> [UInt8] { [] }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        lastEvent = event.isLast ? event : nil
        return Array((event.words ?? "").utf8)
    }

    mutating func end(_ repeated: RunEvent?) -> [UInt8] {
        (lastEvent ?? repeated)?.failureMessage.map(failure) ?? []
    }

    func interruption(_ message: String) -> [UInt8] { failure(message) }

    func failure(_ message: String) -> [UInt8] {
        Array("\n[error] \(message)\n".utf8)
    }
}
