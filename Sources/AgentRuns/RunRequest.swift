import StreamKit

/// One thing a user asked of an agent: the payload of the queue `agent-tasks`.
public struct RunRequest: Codable, Hashable, Sendable {
    /// The conversation that the answer belongs to; names the log.
    public var conversationID: String
    /// Names this one request, through every log and every attempt.
    public var correlationID: String
    /// The agent that is to answer, for example `TravelPlanner`.
    public var agent: String
    /// What the user wrote.
    public var message: String
    /// Whose conversation it is; `nil` if conversations are everybody's.
    ///
    /// A conversation belongs to the owner of its first request. Requests of other owners are then refused.
    public var owner: String?
    /// Where the request belongs in a trace; `nil` if its sender has no tracer.
    public internal(set) var trace: RunTrace?
    /// How many decisions of people the run has been resumed after; `nil` for a run that never waited for one.
    var resumption: Int?

    /// A request as it goes into the queue.
    public init(
        conversationID: String, correlationID: String, agent: String, message: String, owner: String? = nil
    ) {
        self.conversationID = conversationID
        self.correlationID = correlationID
        self.agent = agent
        self.message = message
        self.owner = owner
    }

    /// The number by which the log refuses earlier attempts: a resumed run is a new task, whose attempts count from 1.
    func token(of task: QueuedTask<RunRequest>) -> Int { task.fencingToken + (resumption ?? 0) << 16 }

    enum CodingKeys: String, CodingKey {
        case conversationID = "conversation_id"
        case correlationID = "correlation_id"
        case agent
        case message
        case owner
        case trace
        case resumption
    }
}
