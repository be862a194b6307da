import StreamKit

/// Does something with Redis that a client waits for, and gives up after three seconds.
///
/// The Redis client retries for a long time, as a worker needs it; a person in front of a browser does not wait.
/// - Throws: ``Problem/redisUnavailable`` when time is up, or what the body throws.
func promptly<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: .seconds(3))
            var problem = Problem.redisUnavailable
            problem.cause = "Redis did not answer within three seconds."
            throw problem
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw Problem.redisUnavailable }
        return value
    }
}
