import StreamKit
import Foundation

/// Everything that happened in one conversation with an agent, as one stream.
///
/// The stream `agent-stream:<conversation ID>` holds the events; the hash `{agent-stream:<conversation ID>}:run`
/// says who may write the next one. Both expire together, ``RunRetention/timeToLive`` after the last event.
public struct RunLog: Sendable {
    /// Names the conversation.
    public let conversationID: String
    /// The events, as any program can read them.
    public let stream: RedisStream
    /// The key of the hash that says how the run stands.
    public let stateKey: String
    /// How long the log is kept and how long it may grow.
    public let retention: RunRetention

    let redis: Redis

    /// The log of a conversation, which need not exist yet.
    public init(redis: Redis, conversationID: String, retention: RunRetention = .init()) {
        self.redis = redis
        self.conversationID = conversationID
        self.retention = retention
        stream = redis.stream(RunNames.log(of: conversationID))
        stateKey = RunNames.state(of: conversationID)
    }

    /// Opens a run before any worker has it, so that viewers find the conversation at once.
    ///
    /// Appends a ``RunEvent/Kind/progress`` event with the status `queued`. Accepting the same request again
    /// changes nothing.
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - onlyIfIdle: Whether to refuse while another run of the conversation is open. Two runs that are worked on at
    ///     once write into one stream, and their texts mix.
    /// - Throws: ``RunLogError/busy(conversationID:)``, or a ``StreamKitError``.
    public func accept(_ request: RunRequest, onlyIfIdle: Bool = false) async throws {
        struct Queued: Encodable {
            let status = "queued"
            let agent: String
            let correlation_id: String
        }
        let data = try RunJSON.text(of: Queued(agent: request.agent, correlation_id: request.correlationID))
        _ = try await add(
            onlyIfIdle ? .acceptIfIdle : .accept, RunAddress(correlationID: request.correlationID), kind: .progress,
            fields: [("data", data)])
    }

    /// Whether Redis holds anything of the conversation.
    public func exists() async throws -> Bool {
        try await redis.send("EXISTS", stateKey, stream.key).integer ?? 0 > 0
    }

    /// Takes the run over for an attempt, and appends `task_started` the first time, `attempt` after that.
    ///
    /// The attempt is a fencing token: from here on Redis refuses what earlier attempts still try to write.
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - attempt: How often the task has been delivered, counting from 1.
    /// - Returns: The writer of this attempt.
    /// - Throws: ``RunLogError/staleAttempt(attempt:current:)`` if this or a later attempt has begun already,
    ///   ``RunLogError/finished(_:)`` if the run has ended.
    public func begin(_ request: RunRequest, attempt: Int) async throws -> RunWriter {
        struct Started: Encodable {
            let agent: String
            let correlation_id: String
            let message: String
        }
        let data = try RunJSON.text(
            of: Started(agent: request.agent, correlation_id: request.correlationID, message: request.message))
        let address = RunAddress(correlationID: request.correlationID, attempt: attempt, writer: UUID().uuidString)
        let begun = try await add(.begin, address, kind: .taskStarted, fields: [("data", data)])
        return RunWriter(log: self, address: address, startID: begun.id, run: begun.run)
    }

    /// How a run has ended (HGET).
    ///
    /// - Returns: The kind of its last event; `nil` if it has not ended, or nothing is known of it any more.
    /// - Throws: A ``StreamKitError``.
    public func end(of request: RunRequest) async throws -> RunEvent.Kind? {
        guard let number = try await redis.send("HGET", stateKey, "run:\(request.correlationID)").text else {
            return nil
        }
        return try await redis.send("HGET", stateKey, "status:\(number)").text.flatMap(RunEvent.Kind.init(rawValue:))
    }

    /// Ends a run whose task was given up, so that nobody waits for its last event for ever.
    ///
    /// For whoever finds a dead letter: the worker that should have said it is gone.
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - attempts: How many attempts were made. A run that has got further since is left alone.
    ///   - userMessage: What the user may see.
    /// - Throws: ``RunLogError/finished(_:)`` if the run has ended already, ``RunLogError/expired(conversationID:)``
    ///   if its log is gone, ``RunLogError/staleAttempt(attempt:current:)`` if a later attempt has begun.
    public func close(_ request: RunRequest, attempts: Int, userMessage: String) async throws {
        let address = RunAddress(correlationID: request.correlationID, attempt: attempts, writer: UUID().uuidString)
        _ = try await add(
            .close, address, kind: .taskFailed, fields: [("error", userMessage), ("done", "true")])
    }

    /// Follows the conversation while it happens.
    ///
    /// - Parameter position: Where to begin; `.after` an event's ID gives exactly the rest.
    /// - Returns: A sequence that ends after the last event of the newest accepted run.
    public func events(after position: StreamPosition) -> RunEvents {
        RunEvents(log: self, position: position)
    }

    /// Every event that Redis still holds, oldest first.
    public func history() async throws -> [RunEvent] {
        try await stream.entries().map(RunEvent.init)
    }

    /// Forgets the conversation at once.
    public func remove() async throws {
        _ = try await redis.send("DEL", stream.key, stateKey)
    }
}
