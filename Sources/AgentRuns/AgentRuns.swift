public import StreamKit

/// The service for runs: accepts what users ask, hands it to workers, and shows what they do.
///
/// An HTTP server and a worker of agents both talk to this type, and through it to each other. It alone knows how
/// runs are kept in Redis.
public struct AgentRuns: Sendable {
    /// The client that everything goes through.
    public let redis: Redis
    /// The names of the queue and its group.
    public let names: RunNames
    /// How long logs are kept and how long they may grow.
    public let retention: RunRetention
    /// The queue between those who ask and those who answer.
    public let queue: TaskQueue<RunRequest>
    let waiting: WaitingRuns
    /// Where those who follow a log read from.
    private let source: any EntrySource
    let paused: PausedRuns
    let calledOff: CalledOffRuns

    /// Creates the service; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - redis: The client.
    ///   - names: The names of the queue and its group.
    ///   - retention: How long logs are kept and how long they may grow.
    ///   - limits: How many runs may wait for a worker.
    ///   - options: Leases, retries and limits of the queue.
    ///   - source: Where followers read from; `nil` is the client, a ``StreamHub`` serves many of them.
    public init(
        redis: Redis, names: RunNames = .init(), retention: RunRetention = .init(), limits: RunLimits = .init(),
        options: TaskQueueOptions = .init(), source: (any EntrySource)? = nil
    ) {
        self.redis = redis
        self.source = source ?? redis
        self.names = names
        self.retention = retention
        var options = options
        // As long as a run may wait, it must not get into the queue twice.
        options.idempotencyWindow = retention.maximumWait + retention.timeToLive
        let queue = TaskQueue<RunRequest>(redis: redis, key: names.queueKey, group: names.group, options: options)
        self.queue = queue
        paused = PausedRuns(redis: redis, keys: names.paused)
        calledOff = CalledOffRuns(redis: redis, key: names.calledOff)
        waiting = WaitingRuns(
            redis: redis, keys: names.waiting, limits: limits,
            idempotencyKey: { queue.key(ofIdempotencyKey: $0) })
    }

    /// The log of a conversation, which need not exist.
    public func log(of conversation: String) -> RunLog {
        RunLog(redis: redis, conversationID: conversation, retention: retention, source: source)
    }

    /// Calls off every run of a conversation that has not ended.
    ///
    /// Its worker's handler is cancelled at once, and with it the request to a model that the handler waits for.
    ///
    /// - Returns: The correlation IDs of the runs that were called off; none if all had ended.
    /// - Throws: A ``StreamKitError``.
    public func cancel(_ conversation: String) async throws -> [String] {
        let cancelled = try await log(of: conversation).cancel()
        let ids = cancelled.map(\.correlationID)
        // The log says it already: a worker is refused when it next writes, even before its task is taken from it.
        try await forget(ids, tasks: cancelled.compactMap(\.task))
        // Without this news the workers notice within a second.
        try? await calledOff.announce(ids)
        return ids
    }

    /// A worker that runs when its ``RunWorker/run()`` is called, for instance by a `ServiceGroup`.
    ///
    /// A handler that throws has its run tried again by another attempt; a ``RunFailure`` ends it at once.
    ///
    /// - Parameters:
    ///   - name: The worker's name, for people.
    ///   - concurrency: How many runs at once. Agents mostly wait for their model, so many fit.
    ///   - handler: Does the work and writes what happens, the end of the run included.
    /// - Returns: The worker; it does nothing yet.
    public func worker(
        as name: String, concurrency: Int = 16, _ handler: @escaping @Sendable (RunWriter) async throws -> Void
    ) -> RunWorker {
        RunWorker(runs: self, name: name, concurrency: concurrency, handler: handler)
    }
}
