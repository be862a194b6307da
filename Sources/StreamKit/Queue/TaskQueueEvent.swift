import Logging

/// What a worker did with a task, or noticed about one.
///
/// Its description is one line for people. A program that shows what its worker does sets
/// ``TaskQueueOptions/onEvent``:
///
/// ```swift
/// options.onEvent = { event in print(event) }
/// ```
public enum TaskQueueEvent: Sendable, Hashable {
    /// The worker took a task and starts its handler.
    case taken(task: StreamID, attempt: Int)
    /// The handler returned, and the server recorded that the task is done.
    case completed(task: StreamID, attempt: Int)
    /// The attempt failed; the task is tried again later, or is now a dead letter.
    case failed(task: StreamID, attempt: Int, error: String, isGivenUp: Bool)
    /// The worker lost the lease while its handler ran: another worker has the task, or it was cancelled.
    case lost(task: StreamID, attempt: Int)
    /// The worker shuts down and gave the task back; the next free worker takes it.
    case handedBack(task: StreamID, attempt: Int)
    /// Another worker stopped renewing its lease; the next free worker takes its task.
    case released(task: StreamID, from: String)
}

extension TaskQueueEvent {
    var level: Logger.Level {
        switch self {
        case .taken, .completed, .handedBack: .debug
        case .failed, .released: .notice
        case .lost: .warning
        }
    }
}

extension TaskQueueEvent: CustomStringConvertible {
    /// One line that says what happened to which task.
    public var description: String {
        switch self {
        case .taken(let task, let attempt): "took task \(task), attempt \(attempt)"
        case .completed(let task, let attempt): "finished task \(task), attempt \(attempt)"
        case .failed(let task, let attempt, let error, let isGivenUp):
            "failed task \(task), attempt \(attempt), \(isGivenUp ? "given up" : "to be tried again"): \(error)"
        case .lost(let task, let attempt):
            "lease lost of task \(task), attempt \(attempt): another worker has it, or it was cancelled"
        case .handedBack(let task, let attempt): "handed back task \(task), attempt \(attempt)"
        case .released(let task, let worker):
            "task \(task) is free again: worker \(worker) stopped renewing its lease"
        }
    }
}
