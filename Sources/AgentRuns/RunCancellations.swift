import StreamKit

/// Tells the workers of a queue which runs were called off, so that they stop at once.
///
/// The notices only save time: that a run is called off stands in its own log, and a worker that misses the notice is
/// refused when it next writes.
struct RunCancellations: Sendable {
    /// Where the notices are.
    let stream: RedisStream

    /// How many notices are kept; workers read them within moments.
    private static let limit = 1_000

    /// Announces runs that were called off (XADD).
    ///
    /// A key that takes no notice, because it holds something else or has no ID left, is made anew.
    func announce(_ correlationIDs: [String]) async throws {
        for id in correlationIDs {
            do {
                try await append(id)
            } catch StreamKitError.server(let error) where ["WRONGTYPE", "ERR"].contains(error.prefix) {
                try await stream.remove()
                try await append(id)
            }
        }
    }

    private func append(_ correlationID: String) async throws {
        try await stream.append(["correlation_id": correlationID], trim: .maximumLength(Self.limit))
    }

    /// Hands over the correlation ID of each run that is called off from now on, until cancelled.
    func follow(_ body: (String) async -> Void) async throws {
        for try await notice in stream.follow(after: .now) {
            if let id = notice["correlation_id"] { await body(id) }
        }
    }
}
