import Synchronization

/// Wakes one waiter at a time; signals sent while nobody waits are kept as one.
final class Signal: Sendable {
    private struct State {
        var isKept = false
        var waiters: [ObjectIdentifier: Waiter] = [:]
    }

    private let state = Mutex(State())

    func send() {
        let waiter = state.withLock { state in
            guard let first = state.waiters.popFirst()?.value else {
                state.isKept = true
                return nil as Waiter?
            }
            return first
        }
        waiter?.wake()
    }

    /// Returns at the next signal, or as soon as the waiting task is cancelled.
    func wait() async {
        // A signal that came before the cancellation belongs to the next waiter, too.
        guard !Task.isCancelled else { return }
        let waiter = Waiter()
        let isSent = state.withLock { state in
            if !state.isKept { state.waiters[ObjectIdentifier(waiter)] = waiter }
            defer { state.isKept = false }
            return state.isKept
        }
        var wasSignalled = isSent
        if !isSent {
            await waiter.sleep()
            wasSignalled = state.withLock { $0.waiters.removeValue(forKey: ObjectIdentifier(waiter)) == nil }
        }
        // A signal that reached a waiter at the moment it was cancelled belongs to the next one.
        if wasSignalled, Task.isCancelled { send() }
    }
}

/// A gate that stays open once it has been opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [ObjectIdentifier: Waiter] = [:]
    }

    private let state = Mutex(State())

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            return state.waiters.values
        }
        for waiter in waiters { waiter.wake() }
    }

    /// Returns once the gate is open, or as soon as the waiting task is cancelled.
    func wait() async {
        let waiter = Waiter()
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiters[ObjectIdentifier(waiter)] = waiter }
            return state.isOpen
        }
        guard !isOpen else { return }
        await waiter.sleep()
        state.withLock { $0.waiters[ObjectIdentifier(waiter)] = nil }
    }
}

/// One task that waits.
///
/// Each task has a stream of its own, because cancelling a reader of an `AsyncStream` ends the stream for everybody.
private final class Waiter: Sendable {
    private let pair = AsyncStream.makeStream(of: Never.self)

    func wake() { pair.continuation.finish() }

    /// Returns once woken, or as soon as the task is cancelled.
    func sleep() async {
        for await _ in pair.stream {}
    }
}
