/// A task queue on a stream with a consumer group, which loses no task when a worker dies.
///
/// A task stays in the stream until it is done. Its worker renews a lease; when that stops,
/// another worker takes over. What a worker does at the end (done, again, given up) is one atomic step that
/// the server refuses if the task is no longer its own. Delivery is *at least once*: a worker can die
/// after its work is done and before it says so. So running a handler twice for a task must do no harm.
///
/// ```swift
/// let mails = TaskQueue<Mail>(redis: redis, key: "mails", group: "senders")
/// try await mails.enqueue(Mail(to: "ada@example.com"))
/// try await mails.work(as: "worker-1", concurrency: 10) { task in try await send(task.payload) }
/// ```
/// Source: <https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups>
public struct TaskQueue<Payload: Codable & Sendable>: Sendable {
    /// The connection that the queue uses.
    ///
    /// Waiting for tasks uses a connection of its own.
    public var redis: Redis { calls.redis }
    /// The stream's key.
    ///
    /// Its companions, such as `{key}:high` and `{key}:dead`, have it in braces before their names.
    public var key: String { keys.normal }
    /// The consumer group that the workers share.
    public var group: String { calls.group }
    /// Leases, retries and limits.
    public var options: TaskQueueOptions { calls.options }
    let calls: QueueCalls
    let metrics: QueueMetrics
    var keys: QueueKeys { calls.keys }

    /// A queue on the stream `key`.
    ///
    /// Nothing is sent yet; stream and group are created when they are needed.
    public init(redis: Redis, key: String, group: String, options: TaskQueueOptions = .init()) {
        calls = QueueCalls(redis: redis, key: key, group: group, options: options)
        metrics = QueueMetrics(queue: key, redis.configuration.observability.metrics)
    }

    /// Every key that a queue on the stream `key` may use, except its idempotency keys.
    ///
    /// They share a hash slot, so one `DEL` removes the queue.
    public static func allKeys(of key: String) -> [String] { QueueKeys(stream: key).all }

    /// What the queue holds right now, read in one atomic step.
    ///
    /// If metrics are collected, it also sets the gauges `streamkit.queue.waiting`, `running`, `delayed` and `dead`.
    /// Call it regularly to feed a dashboard; the queue never does so by itself.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func status() async throws -> TaskQueueStatus {
        let status = try await calls.status()
        metrics.record(status)
        return status
    }

    /// Deletes the queue with everything in it (DEL), except the idempotency keys that it remembers.
    ///
    /// - Throws: A ``StreamKitError``.
    public func remove() async throws {
        _ = try await redis.send(["DEL"] + keys.all)
    }
}
