package import StreamKit

// Which text counts after a worker died: everything up to the entry that the next attempt names.

/// The details of an event of kind ``RunEvent/Kind/attempt``.
public struct AttemptDetails: Codable, Hashable, Sendable {
    /// Which attempt begins, counting from 1.
    public let attempt: Int
    /// The last entry of the former attempt that still counts; text after it was only half said.
    public let lastValidID: String

    enum CodingKeys: String, CodingKey {
        case attempt
        case lastValidID = "last_valid_id"
    }
}

extension RunEvent {
    /// The last entry that still counts, in events of kind ``Kind/attempt``.
    package var lastValidID: StreamID? {
        kind == .attempt ? decodeData(AttemptDetails.self).flatMap { StreamID($0.lastValidID) } : nil
    }
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
