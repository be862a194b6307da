/// A task that was given up, with everything needed to understand why and to try again.
public struct DeadLetter: Sendable {
    /// The letter's own ID, which says when it was given up; ``TaskQueue/requeue(_:)`` takes it.
    public let id: StreamID
    /// The task it was.
    public let task: StreamID
    /// Why it was given up.
    public let reason: Reason
    /// How many attempts were made.
    public let attempts: Int
    /// What went wrong the first time.
    public let firstError: String
    /// What went wrong the last time.
    public let lastError: String
    /// What was enqueued, as it stands in Redis.
    public let payload: String

    init(_ entry: StreamEntry) {
        id = entry.id
        task = entry["task"].flatMap { StreamID($0) } ?? entry.id
        reason = entry["reason"].flatMap { Reason(rawValue: $0) } ?? .failed
        attempts = entry["attempts"].flatMap { Int($0) } ?? 0
        firstError = entry["first_error"] ?? ""
        lastError = entry["last_error"] ?? ""
        payload = entry["payload"] ?? ""
    }

    /// Why a task was given up.
    public enum Reason: String, Sendable {
        /// Every attempt that it was allowed failed.
        case failed
        /// Its handler said that another attempt is pointless.
        case permanent
        /// Its payload is not what the worker expects.
        case undecodable
        /// Its workers died, again and again.
        case workerDied = "worker-died"
    }
}
