import Synchronization

/// A value behind a lock, for which tasks can wait until it meets a condition.
final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let isMet: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var count = 0
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    /// Reads or changes the value, and wakes those whose condition it meets now.
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, met) = state.withLock { state in
            let result = body(&state.value)
            var met: [CheckedContinuation<Void, Never>] = []
            for (key, waiter) in state.waiters where waiter.isMet(state.value) {
                met.append(waiter.continuation)
                state.waiters[key] = nil
            }
            return (result, met)
        }
        for continuation in met { continuation.resume() }
        return result
    }

    /// Returns once the value meets the condition, or as soon as the waiting task is cancelled.
    func wait(until isMet: @escaping @Sendable (Value) -> Bool) async {
        let key = state.withLock { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if Task.isCancelled || isMet(state.value) { return true }
                    state.waiters[key] = Waiter(isMet: isMet, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: key) }?.continuation.resume()
        }
    }
}
