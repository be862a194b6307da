/// Runs `body` beside what it depends on: a server, a worker, another process.
///
/// Ends when `body` ends, and cancels the companion then. If the companion fails first, `body` is cancelled
/// instead of waiting for something that will never come.
/// - Parameters:
///   - companion: What `body` depends on. It may return before `body` does.
///   - body: What to do.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, or what the companion threw while `body` was running.
public func withCompanion<R: Sendable>(
    _ companion: @escaping @Sendable () async throws -> Void,
    _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    try await withThrowingTaskGroup(of: R?.self) { group in
        group.addTask {
            try await companion()
            return nil
        }
        group.addTask { try await body() }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw CancellationError()
    }
}
