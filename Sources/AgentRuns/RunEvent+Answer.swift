package import StreamKit

// Which text counts after a worker died: everything up to the entry that the next attempt names.

extension RunEvent {
    /// The last entry of the former attempt that still counts, in events of kind ``Kind/attempt``; text after it was
    /// only half said.
    package var lastValidID: StreamID? {
        kind == .attempt ? decodeData(Details.self).flatMap { StreamID($0.last_valid_id) } : nil
    }

    private struct Details: Decodable { let last_valid_id: String }
}

extension Sequence<RunEvent> {
    /// The events that count: without the text that a later attempt of the same run has superseded.
    public var valid: [RunEvent] {
        var kept: [RunEvent] = []
        for event in self {
            if let last = event.lastValidID {
                kept.removeAll { $0.run == event.run && $0.kind == .text && $0.id > last }
            }
            kept.append(event)
        }
        return kept
    }

    /// The answer that the user reads, put together from the chunks that count.
    public var answer: String {
        valid.compactMap(\.text).joined()
    }
}
