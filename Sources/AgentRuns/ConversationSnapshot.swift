import Foundation
public import StreamKit

/// A conversation as it stands: one answer for a viewer who comes late, instead of every event from the beginning.
///
/// What comes after ``cursor`` continues it exactly.
public struct ConversationSnapshot: Sendable {
    /// The newest entry that this snapshot includes, to follow the conversation from.
    public var cursor: StreamID
    /// The runs, oldest first; never empty.
    public var turns: [ConversationTurn]
    /// The newest events that are not text, oldest first.
    public var events: [RunEvent]
    /// Whether earlier events or turns are missing, because they were trimmed or would be too much.
    public var isTrimmed: Bool
    /// How much of the newest run's text no later attempt can take back, in UTF-8 bytes.
    ///
    /// If an `attempt` event follows whose last valid entry is older than ``cursor``, the rest of the text no longer
    /// counts.
    public var committedBytes: Int
    /// The newest entry with which text was committed; ``cursor`` where all of it is.
    var committedCursor: StreamID

    /// The snapshot without the text that a later attempt may take back; it is continued by committed events.
    public func committed() -> ConversationSnapshot {
        var copy = self
        guard committedCursor < cursor, let last = turns.indices.last else { return self }
        let text = turns[last].text.utf8
        copy.turns[last].text = String(decoding: text.prefix(committedBytes), as: UTF8.self)
        copy.cursor = committedCursor
        copy.events.removeAll { $0.id > committedCursor }
        return copy
    }
}
