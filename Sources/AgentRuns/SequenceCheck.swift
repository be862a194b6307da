import StreamKit

/// Notices that events are missing between two that were read: the sequence of each follows on the one before.
///
/// That a cursor lies before the oldest entry is noticed by ``RunLog/sequence(at:)``.
struct SequenceCheck: Sendable {
    let conversationID: String
    private var last: Int?
    private var lastID: StreamID?

    init(conversationID: String, after last: Int? = nil) {
        self.conversationID = conversationID
        self.last = last
    }

    /// Takes the next event.
    ///
    /// - Throws: ``RunLogError/trimmed(conversationID:)`` if events before it are gone,
    ///   ``RunLogError/expired(conversationID:)`` if it belongs to a log that began again.
    mutating func take(_ event: RunEvent) throws {
        // Two events of one entry share its sequence.
        if event.id == lastID { return }
        lastID = event.id
        defer { last = event.sequence }
        guard let last, let next = event.sequence, next != last + 1 else { return }
        // Another program counts each of its runs from 0.
        if !event.mayBeSuperseded, next == 0 { return }
        throw next > last
            ? RunLogError.trimmed(conversationID: conversationID)
            : RunLogError.expired(conversationID: conversationID)
    }
}
