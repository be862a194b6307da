import Foundation

// How a queue's workers are made, and how one is run.
extension TaskQueue {
    /// A worker that runs when its ``TaskQueueWorker/run()`` is called, for instance by a `ServiceGroup`.
    ///
    /// A handler that returns completes its task; one that throws has it tried again later, up to the limit of
    /// attempts, and ``PermanentTaskFailure`` gives it up at once. When the worker loses a task's lease, the
    /// handler is cancelled and its result is refused. After a lost connection the worker waits until Redis is back.
    ///
    /// - Parameters:
    ///   - name: A name for people. A random suffix keeps two workers of one name apart.
    ///   - concurrency: How many tasks run at once.
    ///   - handler: The work. It may be run more than once for a task, so a repeat must do no harm.
    /// - Returns: The worker; it does nothing yet.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` for a concurrency below 1.
    public func worker(
        as name: String, concurrency: Int = 1,
        _ handler: @escaping @Sendable (QueuedTask<Payload>) async throws -> Void
    ) throws -> TaskQueueWorker<Payload> {
        try TaskQueueWorker(queue: self, name: name, concurrency: concurrency) { task in
            try await handler(task)
            return nil
        }
    }

    /// A worker whose handler's results are recorded; ``result(of:as:)`` reads them.
    ///
    /// - Parameters:
    ///   - name: A name for people. A random suffix keeps two workers of one name apart.
    ///   - concurrency: How many tasks run at once.
    ///   - handler: The work. What it returns is written down in the same step that completes the task.
    /// - Returns: The worker; it does nothing yet.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` for a concurrency below 1.
    public func worker<Output: Encodable & Sendable>(
        as name: String, concurrency: Int = 1,
        recording handler: @escaping @Sendable (QueuedTask<Payload>) async throws -> Output
    ) throws -> TaskQueueWorker<Payload> {
        let limit = options.maximumPayloadBytes
        return try TaskQueueWorker(queue: self, name: name, concurrency: concurrency) { task in
            let data = try JSONEncoder().encode(await handler(task))
            guard data.count <= limit else {
                throw PermanentTaskFailure(
                    "the result has \(data.count) bytes of JSON, and at most \(limit) are recorded")
            }
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// Works on tasks until the surrounding Swift task is cancelled, as ``TaskQueueWorker/run()`` describes.
    ///
    /// - Parameters:
    ///   - name: A name for people. A random suffix keeps two workers of one name apart.
    ///   - concurrency: How many tasks run at once.
    ///   - handler: The work. It may be run more than once for a task, so a repeat must do no harm.
    /// - Throws: A ``StreamKitError`` that waiting does not fix: Redis cannot be reached at the start, the key
    ///   holds something else (`WRONGTYPE`), or access is denied.
    public func work(
        as name: String, concurrency: Int = 1,
        _ handler: @escaping @Sendable (QueuedTask<Payload>) async throws -> Void
    ) async throws {
        try await worker(as: name, concurrency: concurrency, handler).run()
    }
}
