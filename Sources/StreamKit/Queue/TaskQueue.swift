import Foundation

/// A task queue on a stream with a consumer group, which loses no task when a worker dies.
///
/// A task stays in the stream until it is done. Whoever works on it renews a lease; when that stops,
/// another worker takes over. What a worker does at the end (done, again, given up) is one atomic step that
/// the server refuses if the task is no longer its own. Delivery is *at least once*: a worker can die
/// after its work is done and before it says so, so handlers must bear being run again for the same task.
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
    /// Waiting for tasks has one of its own.
    public let redis: Redis
    /// The stream's key.
    ///
    /// Its companions are `{key}:delayed` and `{key}:dead`.
    public let key: String
    /// The consumer group that the workers share.
    public let group: String
    /// Leases, retries and limits.
    public let options: TaskQueueOptions
    let keys: QueueKeys

    /// A queue on the stream `key`.
    ///
    /// Nothing is sent yet; stream and group are made when they are needed.
    public init(redis: Redis, key: String, group: String, options: TaskQueueOptions = .init()) {
        self.redis = redis
        self.key = key
        self.group = group
        self.options = options
        keys = QueueKeys(stream: key)
    }

    /// Adds a task (XADD).
    ///
    /// - Returns: The task's ID.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if the payload cannot be encoded or is too large.
    @discardableResult
    public func enqueue(_ payload: Payload) async throws -> StreamID {
        try await redis.stream(key).append(["payload": encode(payload)])
    }

    /// Adds many tasks in one batch.
    ///
    /// - Returns: The tasks' IDs, in the order of the payloads.
    /// - Throws: The first error; the tasks before and after it may have been added.
    @discardableResult
    public func enqueue(contentsOf payloads: [Payload]) async throws -> [StreamID] {
        let encoded = try payloads.map(encode)
        let replies = try await redis.pipeline { batch in
            for payload in encoded { batch.add("XADD", key, "*", "payload", payload) }
        }
        return try replies.map { try streamID(in: $0.get()) }
    }

    /// Adds a task once, however often it is called with the same idempotency key.
    ///
    /// - Returns: The ID of the task that was added first.
    /// - Throws: As ``enqueue(_:)``. Repeat the call after a lost connection: that is what the key is for.
    @discardableResult
    public func enqueue(_ payload: Payload, idempotencyKey: String) async throws -> StreamID {
        let window = String(options.idempotencyWindow.wholeMilliseconds)
        let arguments = try [encode(payload), window]
        return try streamID(
            in: await redis.run(
                QueueScripts.enqueueOnce, keys: [keys.stream, keys.once(idempotencyKey)], arguments: arguments))
    }

    /// Adds a task that no worker gets before the delay is over, by the server's clock.
    ///
    /// - Returns: The task's ID.
    /// - Throws: As ``enqueue(_:)``.
    @discardableResult
    public func enqueue(_ payload: Payload, after delay: Duration) async throws -> StreamID {
        let arguments = try [encode(payload), String(delay.wholeMilliseconds)]
        return try streamID(
            in: await redis.run(
                QueueScripts.enqueueLater, keys: [keys.stream, keys.delayed], arguments: arguments))
    }

    private func encode(_ payload: Payload) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do {
            data = try encoder.encode(payload)
        } catch {
            throw StreamKitError.invalidInput("the payload cannot be written as JSON: \(error)")
        }
        guard data.count <= options.maximumPayloadBytes else {
            throw StreamKitError.invalidInput(
                "the payload has \(data.count) bytes of JSON, and the queue \(key) takes at most "
                    + "\(options.maximumPayloadBytes); store the bulk elsewhere and enqueue where it is")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func streamID(in reply: Reply) throws -> StreamID {
        guard let id = reply.text.flatMap({ StreamID($0) }) else {
            throw StreamKitError.unexpectedReply("expected the ID of a new task")
        }
        return id
    }
}
