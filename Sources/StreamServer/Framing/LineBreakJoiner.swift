import AgentRuns
import StreamKit

/// Makes one line break of a `\r\n` that was cut between two chunks of text.
///
/// An event stream knows only one kind of line break, and each chunk is encoded by itself. So the `\r` at the end of
/// one chunk becomes a break, and the `\n` at the beginning of the next must not become a second one.
struct LineBreakJoiner: Sendable {
    private var endsWithCarriageReturn = false

    /// Knows nothing of what was said before.
    init() {}

    /// Knows how the text ends that counts after an entry, by the last few events up to it.
    ///
    /// What a lost attempt said is skipped: text after an `attempt` goes on after the last entry that counts.
    init(after id: StreamID, in log: RunLog) async throws {
        var end: StreamID? = id
        while let last = end {
            end = nil
            for event in try await log.newestEvents(16, upTo: last) {
                if event.startsText { return }
                if let valid = event.lastValidID, valid < event.id {
                    end = valid
                    break
                }
                guard let text = event.words, !text.isEmpty else { continue }
                endsWithCarriageReturn = text.utf8.last == UInt8(ascii: "\r")
                return
            }
        }
    }

    /// The text of the next event, without the second half of a line break; nil if it has none.
    mutating func next(_ event: RunEvent) -> String? {
        if event.startsText { endsWithCarriageReturn = false }
        guard let text = event.words else { return nil }
        let isSecondHalf = endsWithCarriageReturn && text.utf8.first == UInt8(ascii: "\n")
        if let last = text.utf8.last { endsWithCarriageReturn = last == UInt8(ascii: "\r") }
        return isSecondHalf ? String(decoding: text.utf8.dropFirst(), as: UTF8.self) : text
    }
}

extension RunEvent {
    /// Whether text after this event does not continue the text before it.
    fileprivate var startsText: Bool {
        kind == .taskStarted
    }
}
