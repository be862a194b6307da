import StreamKit
import Synchronization
import Testing

@Suite("Retry policy")
struct RetryPolicyTests {
    private let plain = RetryPolicy(limit: .seconds(10), backoff: .init(initial: .seconds(1), maximum: .seconds(4)))
    private let lost = StreamKitError.cannotConnect("nobody is there")

    @Test func `the pause doubles up to its maximum`() {
        let pauses = [1, 2, 3, 4, .max].map { plain.backoff.delay(afterFailures: $0, jitter: 1) }

        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(4), .seconds(4)])
    }

    @Test func `jitter takes off up to half of the pause`() {
        #expect(plain.backoff.delay(afterFailures: 2, jitter: 0) == .seconds(1))
        #expect(plain.backoff.delay(afterFailures: 2, jitter: 0.5) == .seconds(1.5))
    }

    @Test func `the longest durations do not overflow`() {
        let backoff = RetryBackoff(initial: .seconds(Int64.max), maximum: .seconds(Int64.max))

        #expect(backoff.delay(afterFailures: .max, jitter: 0) > .seconds(Int64.max / 4))
        #expect(RetryBackoff(initial: .zero).delay(afterFailures: .max) == .zero)
    }

    @Test func `no pause leads past the limit`() {
        #expect(plain.pause(afterFailures: 3, elapsed: .seconds(6), jitter: 1) == .seconds(4))
        #expect(plain.pause(afterFailures: 3, elapsed: .seconds(7), jitter: 1) == nil)
    }

    @Test func `work is repeated until it succeeds`() async throws {
        let clock = ManualClock()

        let failures = try await plain.run(on: clock) { failures in
            if failures < 3 { throw lost }
            return failures
        }

        #expect(failures == 3)
        #expect(clock.elapsed >= .seconds(3.5) && clock.elapsed <= .seconds(7))
    }

    @Test func `the last error is thrown once the limit is over`() async throws {
        let clock = ManualClock()

        await #expect(throws: lost) { try await plain.run(on: clock) { _ in throw lost } }

        #expect(clock.elapsed <= .seconds(10))
    }

    @Test func `no more retries are made than the policy says`() async throws {
        let policy = RetryPolicy(limit: nil, maximumRetries: 2)
        var calls = 0

        await #expect(throws: lost) {
            try await policy.run(on: ManualClock()) { _ in
                calls += 1
                throw lost
            }
        }

        #expect(calls == 3)
        #expect(RetryPolicy.never.pause(afterFailures: 1, elapsed: .zero) == nil)
    }

    @Test func `what no retry helps against is thrown at once`() async throws {
        let clock = ManualClock()

        await #expect(throws: StreamKitError.closed) {
            try await plain.run(on: clock) { _ in throw StreamKitError.closed }
        }

        #expect(clock.elapsed == .zero)
    }

    @Test func `time during which the server loads its data does not count`() async throws {
        let loading = StreamKitError.server(ServerError(message: "LOADING Redis is loading the dataset in memory"))

        let failures = try await plain.run(on: ManualClock()) { failures in
            if failures < 20 { throw loading }
            return failures
        }

        #expect(failures == 20)
    }

    @Test(arguments: [
        "LOADING x", "MASTERDOWN x", "BUSY x", "TRYAGAIN x", "READONLY x", "ERR max number of clients reached",
    ])
    func `an error that passes by itself is transient`(message: String) {
        #expect(StreamKitError.server(ServerError(message: message)).isTransient)
    }

    @Test(arguments: ["WRONGTYPE x", "NOGROUP x", "NOPERM x", "ERR syntax error", "OOM x"])
    func `an error that stays is not transient`(message: String) {
        #expect(!StreamKitError.server(ServerError(message: message)).isTransient)
    }
}

/// A clock whose sleeps end at once and move its time on.
final class ManualClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let start = ContinuousClock.now
    private let passed = Mutex(Duration.zero)

    var elapsed: Duration { passed.withLock { $0 } }
    var now: Instant { start + elapsed }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        passed.withLock { $0 = max($0, start.duration(to: deadline)) }
    }
}
