import Synchronization

/// At most one wait for tasks at a time.
final class Doorbell: Sendable {
    private let waiting = Mutex<Task<Void, Never>?>(nil)

    /// Begins to wait, unless that is going on.
    func arm(_ wait: @escaping @Sendable () async -> Void) {
        waiting.withLock { waiting in
            guard waiting == nil else { return }
            // Unstructured: it waits while the loop does other things, and ends at any time.
            waiting = Task {
                await wait()
                self.waiting.withLock { $0 = nil }
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
