import Foundation

extension TaskQueue {
    /// Works on tasks until the surrounding Swift task is cancelled.
    ///
    /// A handler that returns completes its task; one that throws has it tried again later, up to the limit of
    /// attempts, and ``PermanentTaskFailure`` gives it up at once. When the worker loses a task's lease, the
    /// handler is cancelled and what it still says about the task is refused. Lost connections are waited out.
    /// On cancellation the worker takes nothing more, lets running handlers end within
    /// ``TaskQueueOptions/shutdownGrace``, cancels the others and hands their tasks back.
    ///
    /// - Parameters:
    ///   - worker: A name for people. A random suffix keeps two workers of one name apart.
    ///   - concurrency: How many tasks run at once.
    ///   - handler: The work. It may be run more than once for a task, so a repeat must do no harm.
    /// - Throws: A ``StreamKitError`` that waiting does not mend: Redis cannot be reached at the start, the key
    ///   holds something else (`WRONGTYPE`), or access is denied.
    public func work(
        as worker: String, concurrency: Int = 1,
        _ handler: @escaping @Sendable (QueuedTask<Payload>) async throws -> Void
    ) async throws {
        guard concurrency > 0 else { throw StreamKitError.invalidInput("a worker needs a concurrency of 1 or more") }
        let suffix = UUID().uuidString.prefix(8).lowercased()
        let worker = QueueWorker(
            queue: self, consumer: "\(worker):\(suffix)", concurrency: concurrency, handler: handler)
        try await worker.run()
    }
}
