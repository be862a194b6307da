import AgentRuns
import StreamKit

/// Holds text back until it can no longer be taken back, and leaves out what was.
///
/// A later event of the same attempt seals the text before it; an `attempt` event takes it back. Text of other
/// programs, whose logs know no attempts, passes at once.
struct CommittedFraming: EventFraming {
    private var base: any EventFraming
    private var held: [RunEvent] = []

    /// Creates a framing around the one that writes the bytes.
    init(_ base: any EventFraming) {
        self.base = base
    }

    var lastEvent: RunEvent? { base.lastEvent }

    mutating func start() -> [UInt8] { base.start() }

    mutating func ping() -> [UInt8] { base.ping() }

    mutating func bytes(for event: RunEvent) -> [UInt8] {
        if event.kind == .text, !event.isLast, isOurs(event) {
            held.append(event)
            return []
        }
        if event.kind == .attempt { held = [] }
        return release() + base.bytes(for: event)
    }

    mutating func end(_ repeated: RunEvent?) -> [UInt8] { release() + base.end(repeated) }

    mutating func interruption(_ message: String) -> [UInt8] { base.interruption(message) }

    mutating func failure(_ message: String) -> [UInt8] { base.failure(message) }

    private mutating func release() -> [UInt8] {
        let sealed = held
        held = []
        return sealed.flatMap { base.bytes(for: $0) }
    }

    /// Other programs number nothing.
    private func isOurs(_ event: RunEvent) -> Bool {
        (event.sequence as Int?) ?? -1 >= 0
    }
}
