import StreamKit
import Testing

@Suite("Retry backoff")
struct RetryBackoffTests {
    @Test func `the wait doubles up to its limit, and half of it is drawn`() {
        let backoff = RetryBackoff(initial: .seconds(1), maximum: .seconds(10))
        #expect(backoff.delay(afterFailures: 1, jitter: 1) == .seconds(1))
        #expect(backoff.delay(afterFailures: 3, jitter: 1) == .seconds(4))
        #expect(backoff.delay(afterFailures: 3, jitter: 0) == .seconds(2))
        #expect(backoff.delay(afterFailures: 1_000, jitter: 1) == .seconds(10))
    }
}
