import StreamKit

/// Tells the workers of a queue which runs were called off, so that they stop at once.
///
/// The notices are a stream beside the queue, `{agent-tasks}:cancelled`. They only save time: that a run is called
/// off stands in its own log (``RunLog/cancel()``), and a worker that misses the notice is refused when it next
/// writes.
public struct RunCancellations: Sendable {
    /// Where the notices are.
    public let stream: RedisStream

    /// How many notices are kept; workers read them within moments.
    private static let limit = 1_000

    /// The notices of the queue with this key.
    public init(redis: Redis, queueKey: String) {
        stream = redis.stream(RunNames.companion(of: queueKey, "cancelled"))
    }

    /// Announces runs that were called off (XADD).
    ///
    /// - Parameter correlationIDs: What ``RunLog/cancel()`` returned.
    /// - Throws: A ``StreamKitError``.
    public func announce(_ correlationIDs: [String]) async throws {
        for id in correlationIDs {
            try await stream.append(["correlation_id": id], trim: .maximumLength(Self.limit))
        }
    }

    /// Hands over the correlation ID of each run that is called off from now on, until cancelled.
    ///
    /// - Parameter body: Called for one after the other.
    /// - Throws: A ``StreamKitError`` that waiting does not mend.
    public func follow(_ body: (String) async -> Void) async throws {
        for try await notice in stream.follow(after: .now) {
            if let id = notice["correlation_id"] { await body(id) }
        }
    }
}
