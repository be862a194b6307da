import DequeModule
import Synchronization

/// What one worker has in hand: running handlers, handlers that ended, tasks that have just come.
///
/// Times are this machine's monotonic clock and serve only to notice that renewing has not worked for a
/// whole lease; who holds a task is the server's decision.
final class WorkerState: Sendable {
    /// A handler that returned, and what it returned.
    struct Finished: Sendable {
        let hold: TaskHold
        /// JSON to record, if the handler returned anything.
        let result: String?
    }

    struct Running {
        let hold: TaskHold
        var renewed: ContinuousClock.Instant
        /// What runs its handler, and since when; `nil` while it waits for its turn.
        var runner: HandlerRunner?
        var began: ContinuousClock.Instant?
        /// It returned and waits for the server to be told, so its place is free.
        var hasFinished = false
    }

    struct State {
        var running = RunningTasks()
        /// Those of the running tasks whose handler has not begun yet.
        var waiting: Deque<TaskHold> = []
        /// A runner was started, and has not asked for a task yet.
        var hasSpareRunner = false
        /// How many tasks may be in hand beyond those whose handlers may run.
        var lead = 0
        /// When tasks that had ended were last taken to be settled.
        var lastTaken = ContinuousClock.now
        var finished: [Finished] = []
        /// Finished tasks of which the server is being told.
        var settling = 0
        var arrived: [DeliveredTask] = []
        /// Delivered, but not to be handled here.
        var unwanted: [DeliveredTask] = []
        var reserved = 0
        /// Tasks may be waiting: the last read came back full.
        var isHungry = true
        var isStopping = false
        var isOverdue = false
        var trouble: (any Error)?
    }

    /// What there is to do.
    struct Snapshot: Sendable {
        let free: Int
        /// The same, without those for tasks that are fetched ahead.
        let idle: Int
        let hasUnwanted: Bool
        /// Handlers that run, or have ended and are not settled.
        let unfinished: Int
        let hasFinished: Bool
        let hasArrived: Bool
        let isHungry: Bool
        let isStopping: Bool
        let isOverdue: Bool
        let hasTrouble: Bool
    }

    let concurrency: Int
    let state = Mutex(State())
    /// Something changed.
    ///
    /// One signal is enough, however much did.
    let changed = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    func wake() { changed.continuation.yield() }

    var snapshot: Snapshot {
        state.withLock { state in
            let free = Self.free(state, concurrency)
            return Snapshot(
                free: free, idle: max(free - state.lead, 0), hasUnwanted: !state.unwanted.isEmpty,
                unfinished: state.running.count, hasFinished: !state.finished.isEmpty,
                hasArrived: Self.canTakeArrived(state, concurrency), isHungry: state.isHungry,
                isStopping: state.isStopping, isOverdue: state.isOverdue, hasTrouble: state.trouble != nil)
        }
    }

    private static func free(_ state: State, _ concurrency: Int) -> Int {
        max(placesForArrived(state, concurrency) - state.arrived.count, 0)
    }

    private static func placesForArrived(_ state: State, _ concurrency: Int) -> Int {
        let inHand = state.running.count - state.finished.count - state.settling
        return max(concurrency + state.lead - inHand - state.reserved, 0)
    }

    /// While places are reserved, tasks without one wait: most reservations come to nothing.
    private static func canTakeArrived(_ state: State, _ concurrency: Int) -> Bool {
        !state.arrived.isEmpty && (state.reserved == 0 || placesForArrived(state, concurrency) > 0)
    }

    // MARK: Places

    /// Keeps at most `limit` places for tasks that are about to be asked for.
    func reserve(upTo limit: Int) -> Int {
        state.withLock { state in
            let count = state.isStopping ? 0 : min(Self.free(state, concurrency), limit)
            state.reserved += count
            return count
        }
    }

    func release(_ count: Int) {
        state.withLock { $0.reserved -= count }
    }

    func setHungry(_ isHungry: Bool) {
        state.withLock { $0.isHungry = isHungry }
    }

    /// Tasks that came by themselves, for places that may be taken by now.
    func arrive(_ tasks: [DeliveredTask]) {
        state.withLock { state in
            state.arrived += tasks
            if !tasks.isEmpty { state.isHungry = true }
        }
        wake()
    }

    /// The tasks that came by themselves: those for which places were just reserved, and those too many.
    ///
    /// None is too many while places are reserved, which may become free again.
    func takeArrived() -> (start: [DeliveredTask], excess: [DeliveredTask]) {
        state.withLock { state in
            guard !state.arrived.isEmpty else { return ([], []) }
            let sorted = QueuePriority.allCases.flatMap { wanted in state.arrived.filter { $0.stream == wanted } }
            let places = state.isStopping ? 0 : min(Self.placesForArrived(state, concurrency), sorted.count)
            let rest = Array(sorted.dropFirst(places))
            state.arrived = state.reserved > 0 && !state.isStopping ? rest : []
            state.reserved += places
            return (Array(sorted.prefix(places)), state.arrived.isEmpty ? rest : [])
        }
    }

    /// Tasks to hand back, for as long as it takes.
    func setAside(_ tasks: [DeliveredTask]) {
        guard !tasks.isEmpty else { return }
        state.withLock { $0.unwanted += tasks }
    }

    func takeUnwanted() -> [DeliveredTask] {
        state.withLock { state in
            defer { state.unwanted = [] }
            return state.unwanted
        }
    }

    /// What went wrong elsewhere, for the main loop to deal with.
    func report(_ error: any Error) {
        state.withLock { $0.trouble = error }
        wake()
    }

    func takeTrouble() -> (any Error)? {
        state.withLock { state in
            defer { state.trouble = nil }
            return state.trouble
        }
    }

    // MARK: Stopping

    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    func graceIsOver() {
        state.withLock { $0.isOverdue = true }
        wake()
    }
}
