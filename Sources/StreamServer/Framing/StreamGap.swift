import AgentRuns
import StreamKit

/// A place in a log whose entries were trimmed before a viewer got them.
struct StreamGap: Hashable, Sendable {
    /// The last event that the viewer has.
    let after: StreamID
    /// The first event that is still there behind the gap; `nil` if there is none.
    let before: StreamID?
    /// Names the conversation.
    let conversation: String

    /// The gap at which a viewer stands, if that is why it cannot go on.
    init?(_ error: RunLogError, in log: RunLog, after: StreamID) async {
        guard case .trimmed = error else { return nil }
        self.after = after
        let rest = try? await log.stream.entries(from: .after(after), limit: 1)
        before = rest?.first?.id
        conversation = log.conversationID
    }

    /// Both ends, and where to find how the conversation stands.
    var json: String {
        let end = before.map { "\"\($0)\"" } ?? "null"
        return #"{"after":"\#(after)","before":\#(end),"snapshot":"/api/runs/\#(conversation)"}"#
    }
}
