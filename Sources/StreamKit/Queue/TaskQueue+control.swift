import Foundation

/// Where a task was when it was cancelled.
public enum CancelledTask: String, Sendable {
    /// It waited; no worker will take it now.
    case waiting
    /// It was not due yet.
    case delayed
    /// A worker had it. Its handler is cancelled within about a second, and what it would write is refused now.
    case running
}

extension TaskQueue {
    /// Removes a task that waits, is delayed or runs, in one atomic step.
    ///
    /// Its idempotency key stays taken.
    ///
    /// - Parameter task: The task's ID, as ``enqueue(_:priority:idempotencyKey:after:)`` returned it.
    /// - Returns: Where it was; `nil` if the queue does not have it, or no longer has it.
    /// - Throws: A ``StreamKitError``.
    @discardableResult
    public func cancel(_ task: StreamID) async throws -> CancelledTask? {
        try await calls.cancel(task)
    }

    /// What the handler returned for a task, where the worker records that.
    ///
    /// - Parameters:
    ///   - task: The task's ID.
    ///   - type: What the handler returned.
    /// - Returns: `nil` if nothing is recorded: the task has not ended, or the result was dropped by
    ///   ``TaskQueueOptions/resultRetention`` or ``TaskQueueOptions/maximumResults``.
    /// - Throws: ``StreamKitError/unexpectedReply(_:)`` if the recorded JSON is not of this type.
    public func result<Output: Decodable>(of task: StreamID, as type: Output.Type = Output.self) async throws -> Output?
    {
        guard let data = try await calls.result(of: task) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw StreamKitError.unexpectedReply("the result of task \(task) is not a JSON \(type): \(error)")
        }
    }
}
