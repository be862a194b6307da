import Synchronization

/// Lets one of many callers through every so often, and turns the others away.
final class Occasion: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)
    private let interval: Duration

    init(every interval: Duration) {
        self.interval = interval
    }

    /// Whether it is this caller's turn.
    func isNow() -> Bool {
        last.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < interval { return false }
            last = now
            return true
        }
    }
}
