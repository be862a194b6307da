import StreamKit

extension AgentRuns {
    /// A conversation as it stands: its turns, its newest events, and the cursor to follow it from.
    ///
    /// Reads the log once, a page at a time (XRANGE), and keeps the text of its turns and some hundred events.
    ///
    /// - Parameter conversation: Names the conversation.
    /// - Returns: The snapshot, with all that was in the log when the last page was read.
    /// - Throws: ``RunLogError/expired(conversationID:)`` if there is no log, or a ``StreamKitError``.
    public func snapshot(of conversation: String) async throws -> ConversationSnapshot {
        let stream = log(of: conversation).stream
        var builder = SnapshotBuilder(conversationID: conversation)
        var start = StreamBound.first
        while true {
            let page = try await stream.entries(from: start, limit: 256)
            guard let last = page.last else { break }
            for event in page.runEvents { builder.take(event) }
            start = .after(last.id)
        }
        guard let snapshot = builder.snapshot() else { throw RunLogError.expired(conversationID: conversation) }
        return snapshot
    }
}
