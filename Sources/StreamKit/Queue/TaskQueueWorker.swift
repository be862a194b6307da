import CoreMetrics
import Foundation
import Logging
import Metrics
public import ServiceLifecycle

/// One worker at work: takes tasks, renews their leases, settles them, and cleans up after dead workers.
///
/// A `Service`, so that a `ServiceGroup` runs it beside others and shuts it down on a signal. Five kinds of tasks run
/// in it. The *reader* takes tasks for free places and starts one Swift task per handler. The *settler* tells the
/// server of attempts that ended, many in one step. The *heartbeat* renews leases, moves delayed tasks that are due,
/// and frees the tasks of dead workers. And the *watch* looks at the clock: it cancels handlers whose lease or time has
/// run out, even while Redis does not answer.
public final class TaskQueueWorker<Payload: Codable & Sendable>: Service {
    /// The work; JSON comes back if there is something to record.
    typealias Handler = @Sendable (QueuedTask<Payload>) async throws -> String?

    /// The worker's name in the group: the given one, and a suffix that no other worker has.
    public let consumer: String
    let queue: TaskQueue<Payload>
    let handler: Handler
    let state: WorkerState
    let decoder = JSONDecoder()
    var calls: QueueCalls { queue.calls }
    var options: TaskQueueOptions { queue.options }
    var logger: Logger { queue.options.logger }
    var metrics: QueueMetrics { queue.metrics }

    init(queue: TaskQueue<Payload>, name: String, concurrency: Int, handler: @escaping Handler) throws {
        guard concurrency > 0 else { throw StreamKitError.invalidInput("a worker needs a concurrency of 1 or more") }
        self.queue = queue
        self.handler = handler
        // Two workers of one name would renew each other's leases.
        let suffix = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        consumer = "\(name):\(suffix)"
        state = WorkerState(concurrency: concurrency)
    }

    /// Works until the Swift task is cancelled or the service group shuts down gracefully, then winds up.
    ///
    /// Winding up takes no more tasks, lets the running ones end within ``TaskQueueOptions/shutdownGrace``, cancels
    /// the others and hands their tasks back, which costs them no attempt. It returns when all handlers have returned:
    /// one that ignores its cancellation keeps it waiting, though its task is in other hands by then.
    ///
    /// - Throws: A ``StreamKitError`` that waiting does not mend: Redis cannot be reached at the start, the key
    ///   holds something else (`WRONGTYPE`), or access is denied.
    public func run() async throws {
        do {
            state.generation = try await calls.prepare(knownGeneration: 0)
        } catch is CancellationError {
            // As at any later time: there is just nothing to wind up yet.
            return
        }
        // Unstructured: once cancelled, a task cannot talk to Redis any more, and there is much left to say.
        // Before handlers, or it would wait behind them and the server would have nothing to do meanwhile.
        let work = Task(priority: .high) { await workAndWindUp() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await work.value
        } onCancelOrGracefulShutdown: { [state] in
            state.stop()
        }
        if let failure = state.failure { throw failure }
    }

    private func workAndWindUp() async {
        await withDiscardingTaskGroup { group in
            // Before handlers: those that keep all threads busy for a lease would lose their tasks.
            group.addTask(priority: .high) { await self.keepRenewing() }
            group.addTask(priority: .high) { await self.keepWatch() }
            group.addTask(priority: .high) { await self.keepSettling() }
            let wasWaiting = await takeTasks(startingIn: &group)
            await windUp(wasWaiting)
            group.cancelAll()
        }
    }

    /// Lets running handlers end until the grace is over, then hands the rest back.
    private func windUp(_ wasWaiting: Bool) async {
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await self.state.untilEmpty() }
            race.addTask { try? await Task.sleep(for: self.options.shutdownGrace) }
            await race.next()
            race.cancelAll()
        }
        await state.finish()
        for lease in state.leases where state.lose(lease, because: .shutdown) {
            options.onEvent?(.handedBack(task: lease.task, attempt: lease.delivered.attempt))
        }
        await handBackAll()
        guard wasWaiting else { return }
        // A task may be delivered while the server learns that nobody waits any more.
        try? await Task.sleep(for: .milliseconds(50))
        await handBackAll()
    }

    private func handBackAll() async {
        do {
            try await calls.handBackAll(by: consumer)
        } catch {
            logger.warning("could not hand back tasks of queue \(queue.key), their leases must run out: \(error)")
        }
    }

    // MARK: Errors

    /// Whether an error ends the worker, because no waiting mends it.
    static func isFatal(_ error: any Error) -> Bool {
        switch error as? StreamKitError {
        case .server(let server):
            ["WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS", "QUEUEFORMAT"].contains(server.prefix)
        case .invalidInput, .closed, nil: true
        case .cannotConnect, .connectionLost, .timedOut, .unexpectedReply: false
        }
    }

    /// Waits before the next try, longer each time; a worker that is to stop does not wait.
    func pause(afterFailures failures: Int) async {
        let pause = RetryBackoff(initial: .milliseconds(50), maximum: .seconds(1)).delay(afterFailures: failures)
        try? await Task.sleep(for: pause)
    }
}
