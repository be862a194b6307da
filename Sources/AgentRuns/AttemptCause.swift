import StreamKit

/// Why a run goes on in another attempt; the field `cause` in the details of an event of kind ``RunEvent/Kind/attempt``.
public enum AttemptCause: String, Codable, Sendable {
    /// A person decided about a call of a tool.
    case decision
    /// The attempt before failed, and the run is tried again.
    case failure
    /// The worker of the attempt before was shut down in good order.
    case shutdown
    /// The worker of the attempt before died, hung, or was cut off.
    case workerLost = "worker_lost"

    /// What the queue knows of a task's former attempt; nothing for a run's first.
    init?(of task: QueuedTask<RunRequest>) {
        switch task.formerEnd {
        case .failed: self = .failure
        case .handedBack: self = .shutdown
        case .workerLost: self = .workerLost
        case nil:
            // After a decision a run is enqueued as a new task.
            guard task.payload.resumption != nil else { return nil }
            self = .decision
        }
    }
}
