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
        /// What is to be recorded.
        var result: String? { if case .success(let result) = outcome { result } else { nil } }
    }

    private struct State: Sendable {
        let concurrency: Int
        /// What this worker holds, as far as it knows.
        var leases: [ObjectIdentifier: Lease] = [:]
        /// What it gave up by its own clock, while the server may still think that this worker holds it.
        var lost: [Lease] = []
        /// Handlers that have not returned, even if their task was lost.
        var handlers = 0
        var finished: [Finished] = []
        var isSweeping = false
        var isStopping = false
        /// Nobody is to settle anything any more.
        var isOver = false
        var failure: (any Error)?
        var generation = 0

        /// Ended attempts that cannot be settled do not pile up, because new ones wait for them.
        var places: Int { finished.count > 4 * concurrency + 1_000 ? 0 : max(concurrency - handlers, 0) }
    }

    private let state: Watched<State>

    init(concurrency: Int) { state = Watched(State(concurrency: concurrency)) }

    // MARK: Handlers

    /// How many handlers should be started next; waits until there is a place.
    /// - Returns: `nil` once the worker should stop.
    func freePlaces() async -> Int? {
        await state.wait { $0.isStopping || $0.places > 0 }
        // There is still a place: only the caller fills them, and the limit of ended attempts need not be exact.
        // Half of them at a time: the server looks for the next tasks while the handlers of the last ones run.
        return state.withLock { $0.isStopping ? nil : max(min($0.places, ($0.concurrency + 1) / 2), 1) }
    }

    func start(_ leases: [Lease]) {
        state.withLock { state in
            state.handlers += leases.count
            for lease in leases { state.leases[ObjectIdentifier(lease)] = lease }
        }
    }

    func handlerEnded(_ lease: Lease, _ outcome: Finished.Outcome) {
        let isMine = lease.end(.finished)
        state.withLock { state in
            state.handlers -= 1
            if isMine {
                state.finished.append(Finished(lease: lease, outcome: outcome))
            } else if lease.ending != .timedOut {
                state.leases[ObjectIdentifier(lease)] = nil
            }
        }
    }

    /// Fails an attempt without waiting for its handler, which might ignore the cancellation.
    func timeOut(_ lease: Lease, because error: String) {
        guard lease.end(.timedOut) else { return }
        state.withLock { $0.finished.append(Finished(lease: lease, outcome: .failure(error, nil))) }
        lease.interrupt()
    }

    /// Gives up an attempt whose handler still runs.
    /// - Returns: Whether it did; false if the attempt ended in the meantime.
    func lose(_ lease: Lease, because ending: Lease.Ending) -> Bool {
        guard lease.end(ending) else { return false }
        state.withLock { $0.leases[ObjectIdentifier(lease)] = nil }
        lease.interrupt()
        return true
    }

    /// Notes that a lease is about to be given up without word from the server.
    func noteLost(_ lease: Lease) { state.withLock { $0.lost.append(lease) } }

    /// Notes that the server has been told of the first of these.
    func forgetLost(_ count: Int) { state.withLock { $0.lost.removeFirst(count) } }

    /// What this worker began: what it holds, and what it gave up by its own clock.
    var begun: (running: [Lease], lost: [Lease]) { state.withLock { (Array($0.leases.values), $0.lost) } }

    /// What this worker holds, as far as it knows.
    var leases: [Lease] { state.withLock { Array($0.leases.values) } }

    // MARK: Settling

    /// The attempts that ended, once there are any; `nil` when nobody is to settle anything any more.
    func nextFinished(limit: Int) async -> [Finished]? {
        await state.wait { $0.isOver || !$0.finished.isEmpty }
        return state.withLock { state in
            let batch = Array(state.finished.prefix(limit))
            state.finished.removeFirst(batch.count)
            return batch.isEmpty ? nil : batch
        }
    }

    /// Notes that the server could not be told; it is told again, unless nobody is to settle anything any more.
    func putBack(_ batch: [Finished]) {
        state.withLock { if !$0.isOver { $0.finished.insert(contentsOf: batch, at: 0) } }
    }

    /// Notes that the server was told, or never will be.
    func forget(_ batch: [Finished]) {
        state.withLock { state in
            for finished in batch { state.leases[ObjectIdentifier(finished.lease)] = nil }
        }
    }

    // MARK: The worker

    /// How often the group was created, as far as this worker has heard; it never falls.
    var generation: Int {
        get { state.withLock { $0.generation } }
        set { state.withLock { $0.generation = max($0.generation, newValue) } }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }
    var isOver: Bool { state.withLock { $0.isOver } }
    /// The error that ends the worker, because waiting does not fix it.
    var failure: (any Error)? { state.withLock { $0.failure } }

    func stop(because failure: (any Error)? = nil) {
        state.withLock { state in
            state.isStopping = true
            state.failure = state.failure ?? failure
        }
    }

    /// Whether this worker sweeps, or has yet to report what its sweep freed.
    var isSweeping: Bool {
        get { state.withLock { $0.isSweeping } }
        set { state.withLock { $0.isSweeping = newValue } }
    }

    func untilSwept() async { await state.wait { !$0.isSweeping } }

    func untilStopping() async { await state.wait(until: \.isStopping) }

    /// Waits until everything in hand has ended and the server knows.
    func untilEmpty() async { await state.wait { $0.leases.isEmpty && $0.finished.isEmpty } }

    /// Lets settling end after one more try.
    func finish() { state.withLock { $0.isOver = true } }
}
