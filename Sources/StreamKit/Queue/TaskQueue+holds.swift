extension TaskQueue {
    /// The key that remembers an idempotency key; without it the next task of that name is added again.
    package func key(ofIdempotencyKey name: String) -> String { keys.once(name) }

    /// Whether the queue has a task: waiting, delayed or in a worker's hands.
    ///
    /// Dead letters and tasks that were completed or cancelled are not held any more.
    ///
    /// - Throws: A ``StreamKitError``.
    package func holds(_ task: StreamID) async throws -> Bool {
        let replies = try await redis.pipeline { batch in
            batch.add("XRANGE", keys.normal, "\(task)", "\(task)")
            batch.add("HGET", keys.relocated, "\(task)")
            batch.add("ZSCORE", keys.delayed, "\(task)")
        }
        let values = try replies.map { try $0.get() }
        return values.contains { $0.elements.map { !$0.isEmpty } ?? !$0.isNull }
    }
}
