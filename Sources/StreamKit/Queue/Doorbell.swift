import Synchronization

/// At most one wait for tasks at a time.
final class Doorbell: Sendable {
    private let waiting = Mutex<Task<Void, Never>?>(nil)

    /// Begins to wait, unless that is going on; what came of it is passed on once waiting may begin again.
    func arm<Outcome: Sendable>(
        _ wait: @escaping @Sendable () async -> Outcome, then pass: @escaping @Sendable (Outcome) -> Void
    ) {
        waiting.withLock { waiting in
            guard waiting == nil else { return }
            // Unstructured: it waits while the loop does other things, and ends at any time.
            waiting = Task {
                let outcome = await wait()
                // First this: whoever is woken by the outcome may want to wait again at once.
                self.waiting.withLock { $0 = nil }
                pass(outcome)
            }
        }
    }

    /// Ends the wait.
    ///
    /// - Returns: Whether there was one; what it still brings arrives late.
    @discardableResult
    func disarm() -> Bool {
        let task = waiting.withLock { $0 }
        task?.cancel()
        return task != nil
    }
}
