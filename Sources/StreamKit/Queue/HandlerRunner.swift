import Synchronization

/// A Swift task that runs handlers, one after the other.
///
/// Starting a Swift task costs as much as all else that a worker does for a quick job, so a runner takes several. There is
/// always one runner to spare while tasks wait: when a handler suspends, its thread goes on with the
/// spare one. So as many handlers run as are meant to, and quick ones share a few runners.
final class HandlerRunner: Sendable {
    typealias Spawn = (HandlerRunner) -> Task<Void, Never>

    /// How many handlers it runs before it lets other Swift tasks have its thread.
    static let share = 16

    private let task = Mutex<Task<Void, Never>?>(nil)
    private let hasBegun = Atomic(false)
    private let wasInterrupted = Atomic(false)

    func runs(as task: Task<Void, Never>) {
        self.task.withLock { $0 = task }
    }

    /// Whether this is the first time that it asks for a task.
    func begin() -> Bool {
        !hasBegun.exchange(true, ordering: .relaxed)
    }

    /// Its handler is about to be cancelled, so it must not run another one.
    var isInterrupted: Bool { wasInterrupted.load(ordering: .relaxed) }

    func markInterrupted() {
        wasInterrupted.store(true, ordering: .relaxed)
    }

    func cancel() {
        task.withLock { $0 }?.cancel()
    }
}
