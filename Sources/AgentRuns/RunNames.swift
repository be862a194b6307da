/// The names of everything that runs keep in Redis.
///
/// This is the one place that knows them. All but the prefix of the logs follow from the queue's key.
public struct RunNames: Hashable, Sendable {
    /// The stream that workers take runs from.
    public var queueKey: String
    /// The consumer group that the workers share.
    public var group: String

    /// The queue `agent-tasks` and its group `agents`, unless told otherwise.
    public init(queueKey: String = "agent-tasks", group: String = "agents") {
        self.queueKey = queueKey
        self.group = group
    }

    /// The stream of notices about cancelled runs.
    var cancelled: String { Self.companion(of: queueKey, "cancelled") }

    /// The stream with the events of a conversation.
    static func log(of conversation: String) -> String { "agent-stream:\(conversation)" }

    /// The hash with the state of a conversation.
    static func state(of conversation: String) -> String { companion(of: log(of: conversation), "run") }

    /// A key in the same hash slot as another one. A key that has a hash tag of its own keeps it.
    static func companion(of key: String, _ name: String) -> String {
        hasHashTag(key) ? "\(key):\(name)" : "{\(key)}:\(name)"
    }

    /// Redis hashes the text between the first `{` and the next `}`, unless it is empty.
    private static func hasHashTag(_ key: String) -> Bool {
        guard let open = key.firstIndex(of: "{"), let close = key[open...].firstIndex(of: "}") else { return false }
        return key.index(after: open) < close
    }
}
