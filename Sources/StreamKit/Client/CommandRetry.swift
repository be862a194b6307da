/// Decides whether a command that failed is sent again, and waits until it is time to.
///
/// This is the one place that knows what becomes of a command whose reply was lost. It repeats a command if the server
/// certainly did not carry it out, or if carrying it out twice does no harm.
struct CommandRetry {
    /// How often a lost reply is asked for again.
    private static let mostLostReplies = 2

    private let isRepeatable: Bool
    private let policy: RetryPolicy
    private let start: UInt64
    private var failures = 0
    private var lostReplies = 0
    private var sawDemotedPrimary = false

    /// Repeats a command that began at `start` for as long as its timeout lasts.
    init(_ configuration: RedisConfiguration, repeatable: Bool, since start: UInt64 = MonotonicClock.roughNow()) {
        isRepeatable = repeatable
        policy = RetryPolicy(limit: configuration.timeouts.command)
        self.start = start
    }

    /// Returns when the command is to be sent again.
    /// - Throws: the error itself if it is not, `CancellationError` if cancelled meanwhile.
    mutating func pause(after error: StreamKitError) async throws {
        switch error {
        case .connectionLost(_, let isUnknown)
        where (isRepeatable || !isUnknown) && lostReplies < Self.mostLostReplies:
            lostReplies += 1
        case .server(let reason) where reason.isFromDemotedPrimary:
            guard !sawDemotedPrimary else { throw error }
            sawDemotedPrimary = true
        case .server(let reason) where reason.isTransient:
            failures += 1
            let spent = Duration.nanoseconds(Int64(clamping: MonotonicClock.now() &- start))
            guard let pause = policy.pause(afterFailures: failures, elapsed: spent) else { throw error }
            try await Task.sleep(for: pause)
        default:
            throw error
        }
    }
}
