/// When something that failed is tried again: how often, for how long, and after which pauses.
///
/// It is a plain value that decides. ``run(on:if:onRetry:_:)`` acts on it, by a clock that a test can replace.
public struct RetryPolicy: Sendable, Hashable {
    /// The most retries in a row; `nil` sets no such limit.
    public var maximumRetries: Int?
    /// How long after the first failure the last retry may begin; `nil` sets no such limit.
    ///
    /// It stands still while the server is loading its data (`LOADING`), which ends by itself.
    public var limit: Duration?
    /// The pauses between tries.
    public var backoff: RetryBackoff

    /// A policy that retries within a time, within a number of retries, or both; see the properties of these names.
    public init(
        limit: Duration? = .seconds(60), maximumRetries: Int? = nil,
        backoff: RetryBackoff = RetryBackoff(initial: .milliseconds(20), maximum: .seconds(2))
    ) {
        self.limit = limit
        self.maximumRetries = maximumRetries
        self.backoff = backoff
    }

    /// Retries nothing.
    public static let never = RetryPolicy(maximumRetries: 0)
    /// Retries until it succeeds, fails in a way that no retry helps against, or its task is cancelled.
    public static let forever = RetryPolicy(limit: nil)

    /// The pause before the next try.
    ///
    /// - Parameters:
    ///   - failures: how often it has failed in a row, from 1.
    ///   - elapsed: how long ago the first of these failures was.
    ///   - jitter: a number from 0 to 1, see ``RetryBackoff/delay(afterFailures:jitter:)``.
    /// - Returns: `nil` when there is to be no further try.
    public func pause(
        afterFailures failures: Int, elapsed: Duration, jitter: Double = .random(in: 0...1)
    ) -> Duration? {
        if let maximumRetries, failures > maximumRetries { return nil }
        let pause = backoff.delay(afterFailures: failures, jitter: jitter)
        if let limit, elapsed + pause > limit { return nil }
        return pause
    }

    /// Repeats something that is safe to repeat, until it succeeds or the policy says that it is enough.
    ///
    /// - Parameters:
    ///   - clock: measures time and pauses.
    ///   - shouldRetry: whether trying again may help; by default for a transient ``StreamKitError``.
    ///   - onRetry: is told of a failure and of the pause after it, for a log.
    ///   - body: the work; it is given the number of failures so far.
    /// - Returns: what the body returned.
    /// - Throws: the body's last error, `CancellationError` if cancelled during a pause.
    @discardableResult
    public func run<Value, Time: Clock>(
        on clock: Time = ContinuousClock(),
        if shouldRetry: (any Error) -> Bool = { ($0 as? StreamKitError)?.isTransient == true },
        onRetry: (_ error: any Error, _ pause: Duration) -> Void = { _, _ in },
        _ body: (_ failures: Int) async throws -> Value
    ) async throws -> Value where Time.Duration == Duration {
        var failures = 0
        var firstFailure: Time.Instant?
        while true {
            do {
                return try await body(failures)
            } catch {
                failures += 1
                let now = clock.now
                let isLoading = (error as? StreamKitError)?.serverPrefix == "LOADING"
                let start = isLoading ? now : firstFailure ?? now
                firstFailure = start
                guard shouldRetry(error), let pause = pause(afterFailures: failures, elapsed: start.duration(to: now))
                else { throw error }
                onRetry(error, pause)
                try await clock.sleep(for: pause)
            }
        }
    }
}

/// The wait before the next try of something that failed: twice as long each time, up to a limit, with jitter.
///
/// Jitter spreads the retries of those that failed together, so that they do not all come back in the
/// same instant to whatever was overloaded.
public struct RetryBackoff: Sendable, Hashable {
    /// The wait after the first failure, before jitter.
    public var initial: Duration
    /// The longest wait, before jitter.
    public var maximum: Duration

    /// A wait that starts at `initial` and doubles up to `maximum`.
    public init(initial: Duration = .seconds(1), maximum: Duration = .seconds(60)) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The wait after the given number of failures.
    ///
    /// - Parameters:
    ///   - failures: how often it has failed in a row, from 1.
    ///   - jitter: a number from 0 to 1; the wait is half fixed, half drawn.
    /// - Returns: between a half and the whole of the doubled wait.
    public func delay(afterFailures failures: Int, jitter: Double = .random(in: 0...1)) -> Duration {
        // Doubling stops at the maximum, before a large number of failures or a long wait could overflow.
        var (wait, left) = (min(max(initial, .zero), maximum), failures - 1)
        while left > 0, wait != .zero, wait != maximum {
            wait = wait > maximum / 2 ? maximum : wait * 2
            left -= 1
        }
        return wait * (0.5 + 0.5 * jitter)
    }
}
