/// Which tasks go first.
///
/// Workers take what is high before what is normal, and that before what is low; within a priority the
/// oldest goes first. A steady flow of high tasks therefore keeps the low ones waiting.
public enum QueuePriority: String, Sendable, Codable, CaseIterable {
    /// Before everything else.
    case high
    /// The priority of a task that says nothing.
    case normal
    /// Only when nothing else waits.
    case low
}
