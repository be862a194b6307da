import AgentRuns
import StreamKit

/// What the routes have in common: Redis, and how conversations and the queue are found in it.
struct Backend: Sendable {
    let redis: Redis
    let configuration: StreamServerConfiguration

    /// The queue that accepted runs go into.
    var queue: TaskQueue<RunRequest> {
        TaskQueue(redis: redis, key: configuration.queueKey, group: configuration.queueGroup)
    }

    /// Where workers read which runs were called off.
    var cancellations: RunCancellations {
        RunCancellations(redis: redis, queueKey: configuration.queueKey)
    }

    /// The log of a conversation, which need not exist.
    func log(of conversation: ConversationID) -> RunLog {
        RunLog(redis: redis, conversationID: conversation.text, retention: configuration.retention)
    }

    /// The log of a conversation that a client named.
    /// - Throws: a 404 if there is none.
    func existingLog(of conversation: String) async throws -> RunLog {
        guard let id = ConversationID(conversation), try await log(of: id).exists() else {
            throw Problem.notFound(
                "unknown_conversation",
                "There is no conversation '\(conversation)'. It never was, or it expired; start a run with "
                    + "POST /api/agents/{agent}/run.")
        }
        return log(of: id)
    }
}
