import Synchronization

/// How many connections are open, and whether that is too many.
final class ConnectionCount: Sendable {
    private let limit: Int
    private let open = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a connection that opened, and says whether it may be served.
    func enter() -> Bool {
        open.withLock { open in
            open += 1
            return open <= limit
        }
    }

    /// Counts a connection that closed.
    func leave() {
        open.withLock { $0 -= 1 }
    }
}
