import CoreMetrics
import Synchronization

/// Reads streams once for all their followers in the process.
///
/// However many followers there are, 128 streams share one connection: a lane, which waits in XREAD BLOCK for all of
/// them. It needs nothing from writers; any XADD is seen at once, and within a tenth of a second if the stream was quiet
/// while others on its lane were busy. Followers are woken and read from a small window of recent entries, each with its
/// own position. One that is further behind reads from Redis until it has caught up.
///
/// The hub outlives lost connections and restarts of the server: its lanes go on from the last entries they saw. Lanes
/// begin and end with their followers, so an unused hub costs nothing. When the client closes, those who wait get
/// ``StreamKitError/closed``.
public final class StreamHub: EntrySource {
    /// The client that the streams are read through.
    public let redis: Redis
    let state = Mutex(HubState())
    /// Counts the XREADs of the lanes for swift-metrics, as `streamkit.hub.reads`.
    private let reads: Counter

    /// A hub without followers; nothing is sent yet.
    public init(redis: Redis) {
        self.redis = redis
        reads = Counter(
            label: "streamkit.hub.reads", dimensions: [],
            factory: redis.configuration.observability.metrics ?? MetricsSystem.factory)
    }

    /// A reader that waits together with all others; the hub follows the stream while the reader exists.
    public func reader(of key: String) -> any EntryReader {
        HubReader(self, key)
    }

    /// Follows a stream as ``RedisStream/follow(after:retry:)`` does, without a connection of its own.
    ///
    /// - Parameters:
    ///   - key: the key of the stream.
    ///   - position: where to begin.
    ///   - retry: how long to keep trying when the server cannot be reached.
    /// - Returns: a sequence that goes on until the task is cancelled or reading fails for good.
    public func follow(
        _ key: String, after position: StreamPosition, retry: RetryPolicy = RetryPolicy()
    ) -> StreamFollower {
        StreamFollower(stream: redis.stream(key), source: self, position: position, retry: retry)
    }

    /// Begins to watch a stream whose end a reader has reached.
    func begin(_ key: String, at position: StreamID) {
        guard let (lane, isNew, interrupt) = state.withLock({ $0.begin(key, at: position, .now) }) else { return }
        // Unstructured: it lives as long as its streams have readers, longer than any caller's scope.
        if isNew { Task { await run(lane) } }
        interrupt?()
    }

    // MARK: One lane

    @concurrent private func run(_ lane: Int) async {
        var failures = 0
        var failingSince: ContinuousClock.Instant?
        var limit = HubLimit()
        var swept = ContinuousClock.now
        while let (round, positions) = state.withLock({ $0.nextRound(of: lane, .now) }) {
            do {
                let found = try await read(positions, limit.after(failures: failures), round.wait, lane)
                (failures, failingSince) = (0, nil)
                limit.learn(from: found.values)
                for (key, position) in positions {
                    guard let entries = found[key], !entries.isEmpty else { continue }
                    for waiter in state.withLock({ $0.take(entries, of: key, after: position, .now) }) {
                        waiter.continuation.resume()
                    }
                }
                if round.pause > .zero { try await Task.sleep(for: round.pause) }
            } catch is CancellationError {
                // A stream has joined; more of them may come at the same time.
                try? await Task.sleep(for: .milliseconds(3))
            } catch {
                failures += 1
                let since = failingSince ?? .now
                let goesOn = await recover(from: error, positions, failures, failingFor: .now - since)
                (failures, failingSince) = goesOn ? (failures, since) : (0, nil)
            }
            guard .now - swept > .milliseconds(250) else { continue }
            swept = .now
            for waiter in state.withLock({ $0.expire(lane, swept) }) { waiter.continuation.resume() }
        }
    }

    private func read(
        _ positions: [(key: String, after: StreamID)], _ limit: Int, _ wait: ReadWait, _ lane: Int
    ) async throws -> [String: [StreamEntry]] {
        reads.increment()
        // Unstructured, so that a stream that joins can end it.
        let reading = Task { [redis] in
            try await redis.read(positions, limit: limit, wait: wait)
        }
        if !state.withLock({ $0.began(lane, interrupt: { reading.cancel() }) }) { reading.cancel() }
        return try await reading.value
    }

    /// Waits after a lost connection; after a refusal it finds out which streams are to blame, and gives them up.
    ///
    /// - Returns: Whether the lane has not given up all of its streams, which it does after a minute of failures.
    private func recover(
        from error: any Error, _ positions: [(key: String, after: StreamID)], _ failures: Int, failingFor time: Duration
    ) async -> Bool {
        var error = error
        if (error as? StreamKitError)?.isTransient != true {
            for (key, position) in positions {
                do {
                    _ = try await redis.stream(key).read(after: position, limit: 1)
                } catch let refusal as StreamKitError where !refusal.isTransient {
                    for waiter in state.withLock({ $0.abandon(key) }) { waiter.continuation.resume(throwing: refusal) }
                } catch let other {
                    error = other
                }
            }
        }
        if let pause = RetryPolicy().pause(afterFailures: failures, elapsed: time) {
            try? await Task.sleep(for: min(pause, .milliseconds(500)))
            return true
        }
        for (key, _) in positions {
            for waiter in state.withLock({ $0.abandon(key) }) { waiter.continuation.resume(throwing: error) }
        }
        return false
    }
}
