extension TaskQueue {
    /// The stream of dead letters, to follow them as they come.
    ///
    /// Each has the fields of its task, and `attempts`, `reason`, `first_error` and `last_error`.
    public var deadLetterStream: RedisStream { redis.stream(keys.dead) }

    /// The tasks that were given up, oldest first (XRANGE).
    ///
    /// - Throws: A ``StreamKitError``.
    public func deadLetters(limit: Int = 100) async throws -> [DeadLetter] {
        try await deadLetterStream.entries(limit: limit).map { entry in
            DeadLetter(
                id: entry.id, task: entry["task"].flatMap { StreamID($0) } ?? entry.id,
                reason: entry["reason"].flatMap { .init(rawValue: $0) } ?? .failed,
                attempts: entry["attempts"].flatMap { Int($0) } ?? 0, firstError: entry["first_error"] ?? "",
                lastError: entry["last_error"] ?? "", payload: entry["payload"] ?? "")
        }
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

    /// Deletes the queue with everything in it (DEL), except the idempotency keys that it remembers.
    ///
    /// - Throws: A ``StreamKitError``.
    public func remove() async throws {
        _ = try await redis.send(["DEL"] + keys.all)
    }
}
