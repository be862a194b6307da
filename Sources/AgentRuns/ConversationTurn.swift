public import Foundation

/// One run of a conversation: a prompt, and what came of it so far.
public struct ConversationTurn: Hashable, Sendable {
    /// Which run of the conversation it is, counting from 1.
    public let number: Int
    /// Names the run; `nil` where another program wrote the log.
    public var correlationID: String?
    /// The agent that was asked, if the log says it.
    public var agent: String?
    /// What the user wrote, if the log says it.
    public var prompt: String?
    /// How the run stands.
    public var status = RunStatus.queued
    /// The answer so far: the chunks that count, put together.
    public var text = ""
    /// What the user may know of a failure.
    public var error: String?
    /// When a worker first began it, by the Redis server's clock.
    public var startedAt: Date?
    /// When the first piece of the answer was written, by the Redis server's clock.
    public var firstTextAt: Date?
    /// When it ended, by the Redis server's clock.
    public var endedAt: Date?

    init(number: Int) { self.number = number }
}
