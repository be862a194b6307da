/// How long a failed task waits: twice as long each time, up to a limit, with jitter.
///
/// Jitter spreads the retries of tasks that failed together, so that they do not all come back in the
/// same instant to whatever was overloaded.
public struct RetryBackoff: Sendable {
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
    ///   - failures: How often the task has failed, from 1.
    ///   - jitter: A number from 0 to 1; the wait is half fixed, half drawn.
    /// - Returns: Between a half and the whole of the doubled wait.
    public func delay(afterFailures failures: Int, jitter: Double = .random(in: 0...1)) -> Duration {
        // 2^30 times any wait worth the name is past every limit; a larger exponent would only overflow.
        let doubled = initial * (1 << min(max(failures - 1, 0), 30))
        return min(doubled, maximum) * (0.5 + 0.5 * jitter)
    }
}
