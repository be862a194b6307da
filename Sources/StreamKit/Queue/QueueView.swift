import Synchronization

/// What a worker last heard of the queue as a whole.
final class QueueView: Sendable {
    private struct State {
        var generation = 1
        var high = 0
        var low = 0
        var cancels = 0
        var seen = ContinuousClock.now - .seconds(60)
    }

    private let state = Mutex(State())

    /// How often the group has been made.
    var generation: Int {
        get { state.withLock { $0.generation } }
        // Answers may be looked at in another order than they came.
        set { state.withLock { $0.generation = max($0.generation, newValue) } }
    }

    /// Tasks of other than normal priority that wait or run.
    var lengths: (high: Int, low: Int) { state.withLock { ($0.high, $0.low) } }

    /// The same, unless it was heard too long ago to tell what to take next.
    var freshLengths: (high: Int, low: Int)? {
        state.withLock { state in
            ContinuousClock.now - state.seen < .milliseconds(20) ? (state.high, state.low) : nil
        }
    }

    /// Whether the server has told the lengths since then.
    func wasHeard(since instant: ContinuousClock.Instant) -> Bool { state.withLock { $0.seen >= instant } }

    func saw(generation: Int, high: Int, low: Int) {
        state.withLock { state in
            state.generation = max(state.generation, generation)
            (state.high, state.low, state.seen) = (high, low, .now)
        }
    }

    /// - Returns: Whether running tasks have been cancelled since the last call.
    func sawCancels(_ cancels: Int) -> Bool {
        state.withLock { state in
            defer { state.cancels = cancels }
            return state.cancels != cancels
        }
    }
}
