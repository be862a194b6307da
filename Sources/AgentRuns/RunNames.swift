import StreamKit

/// The names of everything that runs keep in Redis.
///
/// This is the one place that knows them.
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

    /// Every key beside the logs: those of the queue, and of the runs that wait.
    public var sharedKeys: [String] { TaskQueue<RunRequest>.allKeys(of: queueKey) + waiting + paused + [calledOff] }

    /// Both keys of a conversation: its events and its state.
    public static func keys(of conversation: String) -> [String] { [log(of: conversation), state(of: conversation)] }

    /// What is known of runs that no worker has begun, in the order in which the scripts expect it.
    var waiting: [String] {
        ["waiting", "waiting-runs", "waiting-callers"].map { CompanionKey.named($0, of: queueKey) }
    }

    /// What a sender's key stands for; it expires by itself.
    func claim(_ key: String) -> String { CompanionKey.named("claim:\(key)", of: queueKey) }

    /// The runs that wait for a person's word.
    var paused: [String] { ["paused", "paused-runs"].map { CompanionKey.named($0, of: queueKey) } }

    /// The stream that tells workers which runs were called off.
    var calledOff: String { CompanionKey.named("cancelled", of: queueKey) }

    /// The stream with the events of a conversation.
    static func log(of conversation: String) -> String { "agent-stream:\(conversation)" }

    /// The hash with the state of a conversation.
    static func state(of conversation: String) -> String { CompanionKey.named("run", of: log(of: conversation)) }
}
