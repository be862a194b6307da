import Synchronization

/// A worker's claim to one attempt of a task, and what the worker knows of how the attempt ended.
///
/// The server decides who holds a task. Times are by this machine's monotonic clock. They serve only to notice that
/// renewing has failed for a whole lease, or that an attempt takes too long.
final class Lease: Sendable {
    enum Ending: Sendable {
        case none
        /// The handler ended, and the server has to be told.
        case finished
        /// The handler completed the task itself.
        case completed
        case leaseLost, timedOut, shutdown
    }

    private struct State {
        var ending = Ending.none
        var isNoted = false
        var confirmed = ContinuousClock.now
        var handler: Handler?
    }

    /// Safety: any thread may cancel a task while it runs, and `handler` holds the task only that long.
    private struct Handler: @unchecked Sendable { let task: UnsafeCurrentTask }

    let delivered: DeliveredTask
    let generation: Int
    let consumer: String
    let began = ContinuousClock.now
    private let state = Mutex(State())

    init(_ delivered: DeliveredTask, generation: Int, consumer: String) {
        self.delivered = delivered
        self.generation = generation
        self.consumer = consumer
    }

    var task: StreamID { delivered.task }
    var ending: Ending { state.withLock { $0.ending } }

    /// Notes how the attempt ended; the first note stays.
    func end(_ ending: Ending) -> Bool {
        state.withLock { state in
            guard state.ending == .none else { return false }
            state.ending = ending
            return true
        }
    }

    /// When the server last confirmed the lease; later confirmations win.
    var confirmed: ContinuousClock.Instant { state.withLock { $0.confirmed } }

    func confirm(at instant: ContinuousClock.Instant) { state.withLock { $0.confirmed = max($0.confirmed, instant) } }

    /// Remembers that the server will store more about this attempt than its entry says; call it before sending.
    func markNoted() { state.withLock { $0.isNoted = true } }

    /// Whether the server stores nothing about the task but its entry.
    var isPlain: Bool { delivered.entry == task && !state.withLock { $0.isNoted } }

    /// Runs the handler so that ``interrupt()`` can cancel it.
    func running<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await withUnsafeCurrentTask { @Sendable task in
            let hasEnded = state.withLock { state in
                state.handler = task.map(Handler.init)
                return state.ending != .none
            }
            // The task must not be cancelled after this scope ends, so this waits for a cancellation under way.
            defer { state.withLock { $0.handler = nil } }
            if hasEnded { task?.cancel() }
            return try await body()
        }
    }

    /// Cancels the handler if it runs.
    func interrupt() { state.withLock { $0.handler?.task.cancel() } }
}

extension ServerError {
    /// Without the group nobody holds a task, so a missing group means a lost lease, too.
    var isLeaseLoss: Bool { prefix == "LEASELOST" || prefix == "NOGROUP" }
}
