import Synchronization

/// What one worker has in hand: handlers that run, and ended attempts that the server has not been told about.
final class WorkerState: Sendable {
    /// An attempt that ended, and how.
    struct Finished: Sendable {
        enum Outcome: Sendable {
            /// The handler returned, perhaps with JSON to record.
            case success(String?)
            case failure(String, DeadLetter.Reason?)
        }

        let lease: Lease
        let outcome: Outcome
    }

    private struct State {
        /// What this worker holds, as far as it knows.
        var leases: [ObjectIdentifier: Lease] = [:]
        /// Handlers that have not returned, even if their task was lost.
        var handlers = 0
        var finished: [Finished] = []
        var isStopping = false
        var isOver = false
        var hasSettled = false
        var failure: (any Error)?
        var cancels = 0
        var generation = 0
    }

    let concurrency: Int
    private let state = Mutex(State())
    private let placesChanged = Signal()
    private let somethingFinished = Signal()
    private let somethingEnded = Signal()
    private let stopping = Gate()

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    // MARK: Handlers

    /// How many handlers may be started; waits until there is a place.
    /// - Returns: `nil` once the worker should stop.
    func freePlaces() async -> Int? {
        while true {
            let (places, isStopping) = state.withLock { (free($0), $0.isStopping) }
            if isStopping { return nil }
            if places > 0 { return places }
            await placesChanged.wait()
        }
    }

    /// Ended attempts that cannot be settled do not pile up, because new ones wait for them.
    private func free(_ state: State) -> Int {
        state.finished.count > 4 * concurrency + 1_000 ? 0 : max(concurrency - state.handlers, 0)
    }

    func start(_ leases: [Lease]) {
        state.withLock { state in
            state.handlers += leases.count
            for lease in leases { state.leases[ObjectIdentifier(lease)] = lease }
        }
    }

    /// Records an attempt that fails before any handler has it.
    func refuse(_ lease: Lease, because error: String) {
        state.withLock { state in
            state.leases[ObjectIdentifier(lease)] = lease
            state.handlers += 1
        }
        handlerEnded(lease, .failure(error, .undecodable))
    }

    func handlerEnded(_ lease: Lease, _ outcome: Finished.Outcome) {
        let isMine = lease.end(.finished)
        let (isFirst, wasFull) = state.withLock { state in
            let wasFull = free(state) == 0
            state.handlers -= 1
            if isMine {
                state.finished.append(Finished(lease: lease, outcome: outcome))
            } else if lease.ending != .timedOut {
                state.leases[ObjectIdentifier(lease)] = nil
            }
            return (isMine && state.finished.count == 1, wasFull)
        }
        if wasFull { placesChanged.send() }
        if isFirst { somethingFinished.send() }
        if !isMine { somethingEnded.send() }
    }

    /// Fails an attempt without waiting for its handler, which might ignore the cancellation.
    func timeOut(_ lease: Lease, because error: String) -> Bool {
        guard lease.end(.timedOut) else { return false }
        state.withLock { $0.finished.append(Finished(lease: lease, outcome: .failure(error, nil))) }
        somethingFinished.send()
        lease.interrupt()
        return true
    }

    /// Gives up an attempt whose handler still runs.
    /// - Returns: Whether it did; false if the attempt ended in the meantime.
    func lose(_ lease: Lease, because ending: Lease.Ending) -> Bool {
        guard lease.end(ending) else { return false }
        state.withLock { $0.leases[ObjectIdentifier(lease)] = nil }
        lease.interrupt()
        somethingEnded.send()
        return true
    }

    /// What this worker holds, as far as it knows.
    var leases: [Lease] { state.withLock { Array($0.leases.values) } }

    // MARK: Settling

    /// The attempts that ended, once there are any; `nil` when the worker is done with everything.
    func nextFinished(limit: Int) async -> [Finished]? {
        while true {
            let (batch, isOver) = state.withLock { state in
                let batch = Array(state.finished.prefix(limit))
                state.finished.removeFirst(batch.count)
                return (batch, state.isOver)
            }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            await somethingFinished.wait()
        }
    }

    /// Notes that the server could not be told; it is told again, unless the worker is done with everything.
    /// - Returns: Whether it is done with everything.
    func putBack(_ batch: [Finished]) -> Bool {
        state.withLock { state in
            if !state.isOver { state.finished.insert(contentsOf: batch, at: 0) }
            return !state.isOver
        }
    }

    /// Notes that the server was told, or never will be.
    func forget(_ batch: [Finished]) {
        let wasFull = state.withLock { state in
            let wasFull = free(state) == 0
            for finished in batch { state.leases[ObjectIdentifier(finished.lease)] = nil }
            return wasFull
        }
        if wasFull { placesChanged.send() }
        somethingEnded.send()
    }

    func settlingHasEnded() {
        state.withLock { $0.hasSettled = true }
        somethingEnded.send()
    }

    // MARK: The queue

    /// How often the group was created, as far as this worker has heard; it never falls.
    var generation: Int {
        get { state.withLock { $0.generation } }
        set { state.withLock { $0.generation = max($0.generation, newValue) } }
    }

    /// Whether running tasks have been cancelled since the last call.
    func noticesCancels(_ cancels: Int) -> Bool {
        state.withLock { state in
            defer { state.cancels = cancels }
            return state.cancels != cancels
        }
    }

    // MARK: Stopping

    var isStopping: Bool { state.withLock { $0.isStopping } }
    var isOver: Bool { state.withLock { $0.isOver } }
    /// The error that ends the worker, because waiting does not fix it.
    var failure: (any Error)? { state.withLock { $0.failure } }

    func stop(because failure: (any Error)? = nil) {
        state.withLock { state in
            state.isStopping = true
            state.failure = state.failure ?? failure
        }
        stopping.open()
        placesChanged.send()
    }

    func untilStopping() async { await stopping.wait() }

    /// Waits until everything in hand has ended and the server knows.
    func untilEmpty() async { await until { $0.leases.isEmpty && $0.finished.isEmpty } }

    /// Lets settling end after one more try.
    func finish() async {
        state.withLock { $0.isOver = true }
        somethingFinished.send()
        await until(\.hasSettled)
    }

    private func until(_ condition: @Sendable (State) -> Bool) async {
        while !Task.isCancelled, !state.withLock({ condition($0) }) { await somethingEnded.wait() }
    }
}
