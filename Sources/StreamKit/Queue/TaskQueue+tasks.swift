import Foundation

/// Where a task was when it was cancelled.
public enum CancelledTask: String, Sendable {
    /// It waited; no worker will take it now.
    case waiting
    /// It was not due yet.
    case delayed
    /// A worker had it. Its handler is cancelled within about a second, and what it would write is refused now.
    case running
}

extension TaskQueue {
    /// Removes a task that waits, is delayed or runs, in one atomic step.
    ///
    /// Its idempotency key stays taken.
    ///
    /// - Parameter task: The task's ID, as ``enqueue(_:priority:idempotencyKey:after:)`` returned it.
    /// - Returns: Where it was; `nil` if the queue does not have it, or no longer has it.
    /// - Throws: A ``StreamKitError``.
    @discardableResult
    public func cancel(_ task: StreamID) async throws -> CancelledTask? {
        try await calls.cancel(task)
    }

    /// What the handler returned for a task, where the worker records that.
    ///
    /// - Parameters:
    ///   - task: The task's ID.
    ///   - type: What the handler returned.
    /// - Returns: `nil` if nothing is recorded: the task has not ended, or the result was dropped by
    ///   ``TaskQueueOptions/resultRetention`` or ``TaskQueueOptions/maximumResults``.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the recorded JSON is not of this type.
    public func result<Output: Decodable>(of task: StreamID, as type: Output.Type = Output.self) async throws -> Output?
    {
        guard let data = try await calls.result(of: task) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw StreamKitError.unexpectedReply("the result of task \(task) is not a JSON \(type): \(error)")
        }
    }

    /// The key that remembers an idempotency key; without it the next task of that name is added again.
    package func key(ofIdempotencyKey name: String) -> String { keys.once(name) }

    /// The task that was enqueued under an idempotency key, if the key is still remembered (GET).
    ///
    /// - Throws: A ``StreamKitError``.
    package func task(ofIdempotencyKey name: String) async throws -> StreamID? {
        try await redis.send("GET", keys.once(name)).text.flatMap { StreamID($0) }
    }

    /// Whether the queue has a task: waiting, delayed or in a worker's hands.
    ///
    /// Dead letters and tasks that were completed or cancelled are not held any more.
    ///
    /// - Throws: A ``StreamKitError``.
    package func holds(_ task: StreamID) async throws -> Bool {
        let replies = try await redis.pipeline { batch in
            batch.add("XRANGE", keys.normal, "\(task)", "\(task)")
            batch.add("HGET", keys[.relocated], "\(task)")
            batch.add("ZSCORE", keys[.delayed], "\(task)")
        }
        let values = try replies.map { try $0.get() }
        return values.contains { $0.elements.map { !$0.isEmpty } ?? !$0.isNull }
    }

    // MARK: Dead letters

    /// The stream of dead letters, to follow them as they come.
    ///
    /// Each has the fields of its task, and `attempts`, `reason`, `first_error` and `last_error`.
    public var deadLetterStream: RedisStream { redis.stream(keys[.dead]) }

    /// The tasks that were given up, oldest first (XRANGE).
    ///
    /// - Throws: A ``StreamKitError``.
    public func deadLetters(limit: Int = 100) async throws -> [DeadLetter] {
        try await deadLetterStream.entries(limit: limit).map(DeadLetter.init)
    }

    /// Puts a dead letter back into the queue with a fresh allowance of attempts, in one atomic step.
    ///
    /// The task keeps its ID, and its attempts go on counting, so that fencing tokens never run backwards.
    ///
    /// - Returns: `false` if there is no such letter, or no longer.
    /// - Throws: A ``StreamKitError``.
    @discardableResult
    public func requeue(_ letter: StreamID) async throws -> Bool {
        try await calls.requeue(letter)
    }

    /// Puts back every dead letter that exists when the call begins.
    ///
    /// - Returns: How many were put back.
    /// - Throws: A ``StreamKitError``; by then some letters may be back in the queue, and the others are untouched.
    @discardableResult
    public func requeueAll() async throws -> Int {
        var count = 0
        for letter in try await deadLetters(limit: options.maximumDeadLetters) where try await requeue(letter.id) {
            count += 1
        }
        return count
    }
}
