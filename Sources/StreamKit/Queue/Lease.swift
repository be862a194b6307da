import Synchronization

/// A worker's claim to one attempt of a task, and what the worker knows of how the attempt ended.
///
/// The server decides who holds a task. Times are by this machine's monotonic clock. They serve only to notice that
/// renewing has failed for a whole lease, or that an attempt takes too long.
final class Lease: Sendable {
    enum Ending: UInt8, AtomicRepresentable, Sendable {
        case none
        /// The handler ended, and the server has to be told.
        case finished
        /// The handler completed the task itself.
        case completed
        case leaseLost, timedOut, shutdown
    }

    let delivered: DeliveredTask
    /// It is always known: a task of an unknown generation is not begun.
    let generation: Int
    let consumer: String
    let began = ContinuousClock.now
    private let ended = Atomic(Ending.none)
    private let noted = Atomic(false)
    private let renewed: Mutex<ContinuousClock.Instant>
    private let handler = Mutex<Handler?>(nil)

    /// Safety: any thread may cancel a task while it runs, and `handler` holds the task only that long.
    private struct Handler: @unchecked Sendable { let task: UnsafeCurrentTask }

    init(_ delivered: DeliveredTask, generation: Int, consumer: String, since taken: ContinuousClock.Instant) {
        self.delivered = delivered
        self.generation = generation
        self.consumer = consumer
        renewed = Mutex(taken)
    }

    var task: StreamID { delivered.task }
    var ending: Ending { ended.load(ordering: .acquiring) }

    /// Notes how the attempt ended; the first note stays.
    func end(_ ending: Ending) -> Bool {
        ended.compareExchange(expected: .none, desired: ending, ordering: .acquiringAndReleasing).exchanged
    }

    // MARK: Time

    /// When the server last confirmed the lease; later confirmations win.
    var confirmed: ContinuousClock.Instant { renewed.withLock { $0 } }

    func confirm(at instant: ContinuousClock.Instant) { renewed.withLock { $0 = max($0, instant) } }

    // MARK: What the server notes about it

    /// Remembers that the server will store more about this attempt than its entry says; call it before sending.
    func markNoted() { noted.store(true, ordering: .relaxed) }

    /// Whether the server stores nothing about the task but its entry.
    var isPlain: Bool { delivered.entry == task && !noted.load(ordering: .relaxed) }

    // MARK: The handler

    /// Runs the handler so that ``interrupt()`` can cancel it.
    func running<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        try await withUnsafeCurrentTask { @Sendable task in
            handler.withLock { $0 = task.map(Handler.init) }
            // The task must not be cancelled after this scope ends, so this waits for a cancellation under way.
            defer { handler.withLock { $0 = nil } }
            if ending != .none { task?.cancel() }
            return try await body()
        }
    }

    /// Cancels the handler if it runs.
    func interrupt() { handler.withLock { $0?.task.cancel() } }
}

extension ServerError {
    /// Without the group nobody holds a task, so a missing group means a lost lease, too.
    var isLeaseLoss: Bool { prefix == "LEASELOST" || prefix == "NOGROUP" }
}
