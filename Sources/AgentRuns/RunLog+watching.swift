public import StreamKit

// What a viewer needs of a log: its events while they happen, how it stands, and whether a cursor is good.
extension RunLog {
    /// Follows the conversation while it happens.
    ///
    /// - Parameters:
    ///   - position: Where to begin; `.after` an event's ID gives exactly the rest.
    ///   - isolation: Whether text is delivered as it is written, or once it can no longer be taken back.
    /// - Returns: A sequence that ends after the last event of the newest accepted run.
    public func events(after position: StreamPosition, isolation: RunIsolation = .live) -> RunEvents {
        RunEvents(log: self, position: position, isolation: isolation)
    }

    /// The conversation as it stands: its turns, its newest events, and the cursor to follow it from.
    ///
    /// Reads the log once, a page at a time (XRANGE), and keeps the text of its turns and some hundred events.
    ///
    /// - Returns: The snapshot, with all that was in the log when the last page was read.
    /// - Throws: ``RunLogError/expired(conversationID:)`` if there is no log, or a ``StreamKitError``.
    public func snapshot() async throws -> ConversationSnapshot {
        var builder = SnapshotBuilder(conversationID: conversationID)
        try await forEachEvent { builder.take($0) }
        guard let snapshot = builder.snapshot() else { throw RunLogError.expired(conversationID: conversationID) }
        return snapshot
    }

    /// Makes sure that the conversation can be followed from a cursor.
    ///
    /// - Parameter cursor: The ID of the last event that the viewer has; `nil` for a viewer that begins.
    /// - Throws: ``RunLogError/expired(conversationID:)`` if there is no such conversation,
    ///   ``RunLogError/beyondEnd(cursor:end:)`` if no event can have had that ID,
    ///   ``RunLogError/trimmed(conversationID:)`` if events after the cursor are gone, or a ``StreamKitError``.
    public func check(_ cursor: StreamID?) async throws {
        guard try await exists() else { throw RunLogError.expired(conversationID: conversationID) }
        // This is done without a cursor, too: it notices a key that does not hold a stream.
        guard let info = try await stream.info(), let cursor, cursor != .zero else { return }
        guard cursor <= info.lastGeneratedID else {
            throw RunLogError.beyondEnd(cursor: cursor, end: info.lastGeneratedID)
        }
        _ = try await sequence(at: cursor)
    }
}
