package import Foundation

/// Something that gets tokens: it is asked once per token and keeps none.
package protocol TokenProvider: Sendable {
    /// Asks for a token.
    ///
    /// - Parameter resource: What it is for: a scope without `/.default`.
    /// - Returns: A token that nobody else was given yet, or one of the endpoint's own cache.
    /// - Throws: ``AzureIdentityError``, or `CancellationError`.
    func token(for resource: String) async throws -> AccessToken
}

/// The time as tokens need it; tests have their own.
package struct TokenClock: Sendable {
    package var now: @Sendable () -> Date
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    package static let system = TokenClock(now: { .now }, sleep: { try await Task.sleep(for: $0) })

    /// Runs a body that has limited time.
    func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await sleep(limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
