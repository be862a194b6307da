import CoreMetrics
import Foundation
import Logging
import Metrics
public import ServiceLifecycle

/// One worker at work: takes tasks, renews their leases, settles them, and cleans up after dead workers.
///
/// A `Service`, so that a `ServiceGroup` runs it beside others and shuts it down on a signal. Three things go
/// on in it. The *loop* tells the server in one step of all tasks that have ended and takes as many new ones.
/// When there are no more, the *doorbell* waits for the next one in a blocking read. And the *beat* renews
/// leases, moves delayed tasks that are due, and takes over tasks of the dead.
public final class TaskQueueWorker<Payload: Codable & Sendable>: Service {
    /// The work; JSON comes back if there is something to record.
    typealias Handler = @Sendable (QueuedTask<Payload>) async throws -> String?

    /// The worker's name in the group: the given one, and a suffix that no other worker has.
    public let consumer: String
    let queue: TaskQueue<Payload>
    let claimant: Claimant
    let handler: Handler
    let state: WorkerState
    let metrics: QueueMetrics
    let view = QueueView()
    let decoder = JSONDecoder()
    var options: TaskQueueOptions { queue.options }
    var redis: Redis { queue.redis }
    var keys: QueueKeys { queue.keys }
    var logger: Logger { queue.options.logger }

    init(queue: TaskQueue<Payload>, name: String, concurrency: Int, handler: @escaping Handler) throws {
        guard concurrency > 0 else { throw StreamKitError.invalidInput("a worker needs a concurrency of 1 or more") }
        self.queue = queue
        // Two workers of one name would renew each other's leases.
        consumer = "\(name):\(RandomID().short)"
        claimant = Claimant(redis: queue.redis, keys: queue.keys, group: queue.group, consumer: consumer)
        self.handler = handler
        state = WorkerState(concurrency: concurrency)
        metrics = QueueMetrics(queue: queue.key)
    }

    /// Works until the Swift task is cancelled or the service group shuts down gracefully, then winds up.
    ///
    /// Winding up takes no more tasks, lets the running ones end within ``TaskQueueOptions/shutdownGrace``, cancels
    /// the others and hands their tasks back, which costs them no attempt.
    ///
    /// - Throws: A ``StreamKitError`` that waiting does not mend: Redis cannot be reached at the start, the key
    ///   holds something else (`WRONGTYPE`), or access is denied.
    public func run() async throws {
        do {
            try await prepare()
        } catch is CancellationError {
            // As at any later time: there is just nothing to wind up yet.
            return
        }
        // Unstructured: once cancelled, a task cannot talk to Redis any more, and there is much left to say.
        // Before handlers, or it would wait behind them and the server would have nothing to do meanwhile.
        let loop = Task(priority: .high) { try await workAndWindUp() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await loop.value
        } onCancelOrGracefulShutdown: { [state] in
            state.stop()
        }
    }

    private func workAndWindUp() async throws {
        // Unstructured: it beats on through the grace period, until the winding up has settled what ended. And
        // before handlers, or those that keep all threads busy for a lease would lose their tasks.
        let beat = Task(priority: .high) { await keepBeating() }
        let doorbell = Doorbell()
        let outcome: Result<Void, any Error>
        do {
            try await takeTasks(doorbell)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
            state.stop()
        }
        await windUp(beat, doorbell)
        try outcome.get()
    }

    /// Settles and takes by turns; waits when there is neither.
    private func takeTasks(_ doorbell: Doorbell) async throws {
        var changes = state.changed.stream.makeAsyncIterator()
        var failures = 0
        while true {
            let now = state.snapshot
            if now.isStopping { return }
            do {
                if let trouble = state.takeTrouble() { throw trouble }
                if now.hasArrived || now.hasFinished || now.hasUnwanted || now.isHungry && now.free > 0 {
                    try await turn()
                    failures = 0
                } else {
                    if now.idle > 0 {
                        let generation = view.generation
                        doorbell.arm {
                            await self.waitForTasks(free: now.idle, generation)
                        } then: {
                            self.ring($0, generation)
                        }
                    } else {
                        doorbell.disarm()
                    }
                    await changes.next()
                }
            } catch {
                failures += 1
                try await recover(from: error, failures: failures)
            }
        }
    }

    func milliseconds(_ duration: Duration) -> String { String(duration.wholeMilliseconds) }
}
