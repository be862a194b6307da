import CoreMetrics
import Foundation
import Logging
import Metrics
public import ServiceLifecycle

/// One worker at work: takes tasks, renews their leases, settles them, and cleans up after dead workers.
///
/// It is a `Service`: a `ServiceGroup` can run it beside others and shut it down on a signal. Five kinds of tasks run
/// in it. The *reader* takes tasks for free places and starts one Swift task per handler. The *settler* tells the
/// server about attempts that ended, many in one step. The *heartbeat* renews leases, moves delayed tasks that are due,
/// and frees the tasks of dead workers. The *watch* looks at the clock: it cancels handlers whose lease or time has
/// run out, even while Redis does not answer.
public final class TaskQueueWorker<Payload: Codable & Sendable>: Service {
    /// The work; it returns JSON if there is something to record.
    typealias Handler = @Sendable (QueuedTask<Payload>) async throws -> String?

    /// The worker's name in the group: the given one, and a suffix that no other worker has.
    public let consumer: String
    let queue: TaskQueue<Payload>
    let handler: Handler
    let state: WorkerState
    let decoder = JSONDecoder()
    let calls: QueueCalls
    let options: TaskQueueOptions
    let logger: Logger
    let metrics: QueueMetrics

    init(queue: TaskQueue<Payload>, name: String, concurrency: Int, handler: @escaping Handler) throws {
        guard concurrency > 0 else { throw StreamKitError.invalidInput("a worker needs a concurrency of 1 or more") }
        self.queue = queue
        self.handler = handler
        (calls, options, logger, metrics) = (queue.calls, queue.options, queue.options.logger, queue.metrics)
        // Two workers with the same name would renew each other's leases.
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
    /// - Throws: A ``StreamKitError`` that waiting does not fix: Redis cannot be reached at the start, the key
    ///   holds something else (`WRONGTYPE`), or access is denied.
    public func run() async throws {
        do {
            state.generation = try await calls.prepare(knownGeneration: 0)
        } catch is CancellationError {
            // This is no different from stopping later, except that there is nothing to wind up yet.
            return
        }
        // Unstructured: a cancelled task cannot talk to Redis any more, and the worker still has to settle its tasks.
        // It starts before the handlers: behind them it would wait, and the server would be idle meanwhile.
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
            // It starts before the handlers: if they kept all threads busy for a lease, they would lose their tasks.
            group.addTask(priority: .high) { await self.keepRenewing() }
            group.addTask(priority: .high) { await self.keepWatch() }
            async let settling: Void = keepSettling()
            await takeTasks(startingIn: &group)
            await untilEmptyOrGraceIsOver()
            state.finish()
            await settling
            await handBack()
            group.cancelAll()
        }
    }

    private func untilEmptyOrGraceIsOver() async {
        await withTaskGroup(of: Void.self) { race in
            race.addTask { await self.state.untilEmpty() }
            race.addTask { try? await Task.sleep(for: self.options.shutdownGrace) }
            await race.next()
            race.cancelAll()
        }
    }

    /// Hands back what is still in hand.
    private func handBack() async {
        for lease in state.leases where state.lose(lease, because: .shutdown) {
            report(.handedBack(task: lease.task, attempt: lease.delivered.attempt))
        }
        do {
            try await calls.handBackAll(by: consumer)
        } catch {
            logger.warning("could not hand back tasks of queue \(queue.key), their leases must run out: \(error)")
        }
    }

    // MARK: Reports and errors

    /// Counts, logs and passes on what happened to a task.
    func report(_ event: TaskQueueEvent) {
        metrics.count(event)
        logger.log(level: event.level, "queue \(queue.key): \(event)")
        options.onEvent?(event)
    }

    /// Whether an error ends the worker, because waiting does not fix it.
    static func isFatal(_ error: any Error) -> Bool {
        switch error as? StreamKitError {
        case .server(let server): ["WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS"].contains(server.prefix)
        case .invalidInput, .closed, nil: true
        case .cannotConnect, .connectionLost, .timedOut, .unexpectedReply: false
        }
    }

    /// The pauses between two tries of what waiting may fix.
    static var backoff: RetryBackoff { RetryBackoff(initial: .milliseconds(50), maximum: .seconds(1)) }
}
