public import StreamKit

/// Everything that happened in one conversation with an agent, as one stream.
///
/// The stream `agent-stream:<conversation ID>` holds the events; the hash `{agent-stream:<conversation ID>}:run`
/// says who may write the next one. Both expire together, ``RunRetention/timeToLive`` after the last event; while a
/// run is open they stay for ``RunRetention/maximumWait`` longer.
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
    /// Where those who follow it read from.
    let source: any EntrySource

    /// The log of a conversation, which need not exist yet.
    ///
    /// - Parameters:
    ///   - redis: The client.
    ///   - conversationID: Names the conversation.
    ///   - retention: How long the log is kept and how long it may grow.
    ///   - source: Where those who follow it read from; `nil` is the client, a ``StreamHub`` serves many of them.
    public init(
        redis: Redis, conversationID: String, retention: RunRetention = .init(), source: (any EntrySource)? = nil
    ) {
        self.redis = redis
        self.source = source ?? redis
        self.conversationID = conversationID
        self.retention = retention
        stream = redis.stream(RunNames.log(of: conversationID))
        stateKey = RunNames.state(of: conversationID)
    }

    /// Opens a run before any worker has it, so that viewers find the conversation at once.
    ///
    /// Appends a ``RunEvent/Kind/progress`` event with the status `queued` and the prompt. Accepting the same request again
    /// changes nothing.
    ///
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - onlyIfIdle: Whether to refuse while another run of the conversation is open. Two runs that are worked on at
    ///     once write into one stream, and their texts mix.
    /// - Throws: ``RunLogError/busy(conversationID:)``, ``RunLogError/expired(conversationID:)`` if the request has an
    ///   owner and the conversation is not theirs, ``RunLogError/damaged(conversationID:field:)``, or a
    ///   ``StreamKitError``.
    public func accept(_ request: RunRequest, onlyIfIdle: Bool = false) async throws {
        let data = try SortedJSON.text(of: Opening(request, status: .queued, trace: nil))
        let trace = try request.trace.map { try SortedJSON.text(of: $0) }
        _ = try await run(
            RunScript.accept,
            [
                request.correlationID, onlyIfIdle ? "1" : "0", RunEvent.Kind.progress.rawValue, data, trace ?? "",
                request.owner ?? "",
            ])
    }

    /// Takes the run over for an attempt, and appends `task_started` the first time, `attempt` after that.
    ///
    /// From here on Redis refuses what attempts with a lower token still try to write.
    ///
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - token: A number that only grows from one attempt to the next: ``QueuedTask/fencingToken``.
    ///   - cause: Why this is not the first attempt, for those who watch; `nil` if nobody knows.
    ///   - mayOpen: Whether to open a run that was never accepted, or whose log is gone.
    ///   - task: The queue's task; ``AgentRuns/cancel(_:)`` takes it from its worker.
    ///   - onCheckpoint: Is called after each entry that later attempts need not produce again.
    /// - Returns: The writer of this attempt.
    /// - Throws: ``RunLogError/staleAttempt(attempt:current:)`` if this or a later attempt has begun already,
    ///   ``RunLogError/finished(_:)`` if the run has ended, ``RunLogError/expired(conversationID:)`` if there is no
    ///   such run and `mayOpen` is false, ``RunLogError/damaged(conversationID:field:)``, or a ``StreamKitError``.
    public func begin(
        _ request: RunRequest, token: Int, cause: AttemptCause? = nil, mayOpen: Bool = true, task: StreamID? = nil,
        onCheckpoint: @escaping @Sendable () async -> Void = {}
    ) async throws -> RunWriter {
        let data = try SortedJSON.text(of: Opening(request, status: nil, trace: request.trace))
        let writer = RandomID().hex
        let reply = try await run(
            RunScript.begin,
            [
                request.correlationID, String(token), writer, mayOpen ? "1" : "0", RunEvent.Kind.taskStarted.rawValue,
                data, RunEvent.Kind.attempt.rawValue, task.map { "\($0)" } ?? "", cause?.rawValue ?? "",
            ], token: token)
        guard reply.count > 3, let number = reply[2].integer, let attempt = reply[3].integer else {
            throw Self.unexpected(reply)
        }
        return RunWriter(
            log: self, request: request, token: token, name: writer, run: number, attempt: attempt,
            onCheckpoint: onCheckpoint)
    }

    /// Ends a run whose worker cannot do so, so that nobody waits forever for its last event.
    ///
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - onlyIfWaiting: Whether to leave a run alone that a worker has begun.
    ///   - userMessage: What the user may see.
    /// - Throws: ``RunLogError/finished(_:)`` if the run has ended already, ``RunLogError/expired(conversationID:)``
    ///   if its log is gone, ``RunLogError/staleAttempt(attempt:current:)`` if a worker has begun it,
    ///   ``RunLogError/damaged(conversationID:field:)``, or a ``StreamKitError``.
    public func close(_ request: RunRequest, onlyIfWaiting: Bool = false, userMessage: String) async throws {
        _ = try await run(
            RunScript.close,
            [
                request.correlationID, onlyIfWaiting ? "waiting" : "any", RandomID().hex,
                RunEvent.Kind.taskFailed.rawValue, "error", userMessage,
            ])
    }

    /// Calls off every run of the conversation that has not ended, whichever worker has it.
    ///
    /// Each gets its last event, `task_cancelled`, in one atomic step; its worker is refused from then on.
    /// ``AgentRuns/cancel(_:)`` tells the worker as well.
    ///
    /// - Returns: The runs that were called off, each with the queue's task if a worker has it; none if all had ended.
    /// - Throws: ``RunLogError/damaged(conversationID:field:)``, or a ``StreamKitError``, for example `WRONGTYPE` if
    ///   the key holds something else.
    @discardableResult
    public func cancel() async throws -> [(correlationID: String, task: StreamID?)] {
        // Sent once: a repeat after a lost reply would say that nothing was open.
        let reply = try await run(
            RunScript.cancel,
            [
                RunEvent.Kind.taskCancelled.rawValue, "data", #"{"reason":"requested"}"#, "error",
                "The run was cancelled.",
            ], retrying: .never)
        let values = reply.dropFirst().map { $0.text ?? "" }
        return stride(from: 0, to: values.count - 1, by: 2).map { (values[$0], StreamID(values[$0 + 1])) }
    }

    /// Forgets the conversation at once (DEL).
    ///
    /// - Throws: A ``StreamKitError``.
    public func remove() async throws {
        _ = try await redis.send("DEL", stream.key, stateKey)
    }
}

/// What the log says of a request when it is accepted, and again when a worker begins it.
private struct Opening: Encodable {
    let status: RunStatus?
    let agent: String
    let correlation_id: String
    let message: String
    let trace: RunTrace?

    init(_ request: RunRequest, status: RunStatus?, trace: RunTrace?) {
        (self.status, self.trace) = (status, trace)
        (agent, correlation_id, message) = (request.agent, request.correlationID, request.message)
    }
}
