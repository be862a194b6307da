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
