import AgentRuns
import CoreMetrics
import HTTPTypes
import Logging
import StreamKit

/// What the routes have in common: Redis, and how conversations and the queue are found in it.
final class Backend: Sendable {
    let redis: Redis
    let configuration: StreamServerConfiguration

    /// The service for runs.
    let runs: AgentRuns
    /// What is being watched.
    let renditions: Renditions
    /// Whether this process still takes new runs.
    let drain = Drain()

    init(redis: Redis, configuration: StreamServerConfiguration, logger: Logger) {
        self.redis = redis
        self.configuration = configuration
        runs = AgentRuns(
            redis: redis, names: configuration.names, retention: configuration.retention, limits: configuration.limits,
            source: StreamHub(redis: redis))
        renditions = Renditions(
            pingInterval: configuration.pingInterval, logger: logger,
            metrics: DeliveryMetrics(redis.configuration.observability.metrics ?? MetricsSystem.factory))
    }

    /// The log of a conversation that a client named.
    /// - Throws: a 404 if there is none, or it is somebody else's; a 410 for a viewer who has
    ///   seen some of it.
    func existingLog(of conversation: String, for cursor: Cursor? = nil, by caller: Caller) async throws -> RunLog {
        guard let id = ConversationID(conversation), try await maySee(id, caller),
            case let log = runs.log(of: id.text), try await log.exists()
        else {
            // A holder of a token hears the same of what is not theirs as of what never was.
            if cursor?.id != nil, caller.owner == nil {
                throw Problem(
                    status: .gone, code: "expired",
                    message: "Conversation '\(conversation)' expired; what came after your cursor is gone. Start a new "
                        + "run with POST /api/agents/{agent}/run.")
            }
            throw Problem.notFound(
                "unknown_conversation",
                "There is no conversation '\(conversation)'. It never was, or it expired; start a run with "
                    + "POST /api/agents/{agent}/run.")
        }
        return log
    }

    private func maySee(_ conversation: ConversationID, _ caller: Caller) async throws -> Bool {
        switch caller {
        case .anybody: true
        case .holder(let name): try await runs.log(of: conversation.text).owner() == name
        case .viewer(let linked): linked == conversation.text
        }
    }
}
