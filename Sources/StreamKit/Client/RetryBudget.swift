/// What is left of a ``RetryPolicy`` after a number of failures in a row.
///
/// For loops that keep state between two tries; where a closure will do, ``RetryPolicy/run(on:if:onRetry:_:)`` is simpler.
package struct RetryBudget<Time: Clock>: Sendable where Time.Duration == Duration {
    private let policy: RetryPolicy
    private let clock: Time
    /// How often it failed in a row.
    package private(set) var failures = 0
    private var firstFailure: Time.Instant?

    /// - Parameters:
    ///   - policy: the limits.
    ///   - clock: measures time and pauses.
    ///   - start: when the limit begins, if that is before the first failure.
    package init(_ policy: RetryPolicy, clock: Time = ContinuousClock(), since start: Time.Instant? = nil) {
        self.policy = policy
        self.clock = clock
        firstFailure = start
    }

    /// Counts one failure.
    /// - Returns: the pause before the next try, `nil` if there is to be none.
    package mutating func pause(after error: any Error) -> Duration? {
        let now = clock.now
        let isLoading = policy.waitsForLoading && (error as? StreamKitError)?.serverPrefix == "LOADING"
        let start = isLoading ? now : firstFailure ?? now
        firstFailure = start
        failures += 1
        return policy.pause(afterFailures: failures, elapsed: start.duration(to: now))
    }

    /// Counts one failure, and returns when it is time for the next try.
    /// - Throws: the error itself if no try may help or none is left, `CancellationError` if cancelled meanwhile.
    package mutating func wait(after error: StreamKitError) async throws {
        guard error.isTransient, let pause = pause(after: error) else { throw error }
        try await clock.sleep(for: pause)
    }

    /// Forgets the failures, because a try succeeded.
    package mutating func reset() {
        failures = 0
        firstFailure = nil
    }
}
