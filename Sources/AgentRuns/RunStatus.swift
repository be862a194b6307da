/// How a run stands, for the people who look at it.
public enum RunStatus: String, Codable, Hashable, Sendable {
    /// Accepted; no worker has begun it.
    case queued
    /// A worker is at it, or another one will take it over.
    case running
    /// It has ended well.
    case completed
    /// It has ended badly.
    case failed
    /// It was called off.
    case cancelled

    /// Whether nothing more will come.
    public var isOver: Bool { self != .queued && self != .running }

    /// How a run stands after an event of this kind.
    init(after kind: RunEvent.Kind) {
        switch kind {
        case .taskCompleted: self = .completed
        case .taskFailed: self = .failed
        case .taskCancelled: self = .cancelled
        default: self = .running
        }
    }
}
