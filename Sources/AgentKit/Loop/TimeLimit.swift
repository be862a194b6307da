/// Something took longer than it may.
struct TimeLimitReached: Error {}

/// Cancels a body that takes too long, and waits for it to end.
///
/// - Throws: ``TimeLimitReached``, or what the body throws.
func withTimeLimit(
    _ limit: Duration, on clock: any Clock<Duration>, _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await clock.sleep(for: limit)
            throw TimeLimitReached()
        }
        defer { group.cancelAll() }
        try await group.next()
    }
}

/// Cancels a body that takes too long, and does not wait for it: other people's code might not notice.
///
/// - Throws: ``TimeLimitReached``, what the body throws, or `CancellationError`.
func abandoning<Value: Sendable>(
    after limit: Duration, on clock: any Clock<Duration>, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (results, result) = AsyncStream<Result<Value, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
    // Unstructured, because a scope would wait for its end.
    let work = Task {
        do {
            result.yield(.success(try await body()))
        } catch {
            result.yield(.failure(error))
        }
    }
    let timer = Task {
        try await clock.sleep(for: limit)
        result.yield(.failure(TimeLimitReached()))
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    for await first in results { return try first.get() }
    throw CancellationError()
}
