import AgentRuns
import Logging
public import StreamKit

/// A worker of the queue `agent-tasks`: takes requests and lets the agents that they name answer.
///
/// Every run it hears of gets a last event: completed, failed, cancelled (``StreamKit/RunCancellations``), or
/// failed because every worker that tried it died and the queue gave it up.
public struct AgentWorker: Sendable {
    /// The queue's key, where the HTTP server puts what users ask.
    public static let queueKey = "agent-tasks"
    /// The consumer group that the workers share.
    public static let queueGroup = "agents"

    let redis: Redis
    let retention: RunRetention
    let queue: TaskQueue<RunRequest>
    let running = RunningRuns()
    private let agents: [String: any Agent]

    /// A worker with the agents it knows.
    ///
    /// - Parameters:
    ///   - redis: The connection.
    ///   - agents: Who can answer; requests name them.
    ///   - retention: How long the logs are kept.
    ///   - queueKey: The queue to work on; ``queueKey`` unless it is a queue of one's own.
    ///   - options: Leases, retries and limits of the queue.
    public init(
        redis: Redis, agents: [any Agent], retention: RunRetention = .init(),
        queueKey: String = AgentWorker.queueKey, options: TaskQueueOptions = .init()
    ) {
        self.redis = redis
        self.agents = Dictionary(agents.map { ($0.name, $0) }) { _, later in later }
        self.retention = retention
        queue = TaskQueue(redis: redis, key: queueKey, group: Self.queueGroup, options: options)
    }

    /// Puts a request into the log and the queue, in this order: whoever has the ID can follow at once.
    ///
    /// - Throws: A ``StreamKit/StreamKitError``.
    public func submit(_ request: RunRequest) async throws {
        try await log(of: request).accept(request)
        _ = try await queue.enqueue(request)
    }

    /// Works on requests until cancelled.
    ///
    /// - Parameters:
    ///   - name: The worker's name, for people.
    ///   - concurrency: How many requests at once. Agents mostly wait for their model, so many fit.
    /// - Throws: A ``StreamKit/StreamKitError`` that waiting does not mend, such as a Redis that cannot be reached at
    ///   the start.
    public func run(as name: String, concurrency: Int = 16) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await persistently("follow cancellations") { try await stopCancelledRuns() } }
            group.addTask { await persistently("follow dead letters") { try await closeAbandonedRuns() } }
            defer { group.cancelAll() }
            try await queue.work(as: name, concurrency: concurrency) { task in
                try await answer(task.payload, attempt: task.attempt)
            }
        }
    }

    private func answer(_ request: RunRequest, attempt: Int) async throws {
        do {
            try await running.run(request.correlationID) { try await self.attempt(request, attempt) }
        } catch RunLogError.finished {
            // Called off; or an earlier attempt ended the run and died before it could say so to the queue.
            return
        } catch let error as RunCalledOff {
            // What a notice says counts only if the log says it too; otherwise the run is tried again.
            guard try await log(of: request).end(of: request) != nil else { throw error }
        }
    }

    private func attempt(_ request: RunRequest, _ attempt: Int) async throws {
        let writer = try await log(of: request).begin(request, attempt: attempt)
        do {
            guard let agent = agents[request.agent] else {
                throw AgentFailure("There is no agent '\(request.agent)' here.")
            }
            try await runAgent(agent, request: request, writer: writer)
        } catch let error as AgentFailure {
            try await writer.fail(userMessage: error.description)
            throw PermanentTaskFailure(error.description)
        } catch let error as ModelError where !error.mayPass {
            try await writer.fail(userMessage: error.userMessage)
            throw PermanentTaskFailure(error.description)
        } catch let error where isFinal(error, attempt) {
            // The run gets its last event, so that no viewer waits for ever.
            try await writer.fail(userMessage: Self.givenUp)
            throw error
        }
    }

    private func isFinal(_ error: any Error, _ attempt: Int) -> Bool {
        if error is RunLogError || error is CancellationError || Task.isCancelled { return false }
        return attempt >= queue.options.maximumAttempts
    }

    func log(of request: RunRequest) -> RunLog {
        RunLog(redis: redis, conversationID: request.conversationID, retention: retention)
    }

    /// What the user may know of a run that was tried as often as it may be.
    static let givenUp = "The agent failed several times. Please try again later."
}
