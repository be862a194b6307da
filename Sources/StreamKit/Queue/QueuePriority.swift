/// Which tasks go first.
///
/// Workers take what is high before what is normal, and that before what is low; within a priority the oldest goes
/// first. Before all of them go tasks that were begun before: handed back by a worker, or freed because their worker
/// died. A retry or a delayed task joins the end of its priority once it is due.
///
/// A priority is a preference and not a barrier: in every sixteenth read, a worker takes the oldest task of each lower
/// priority first, so that a steady flow of urgent tasks slows the others down and never stops them.
public enum QueuePriority: String, Sendable, Codable, CaseIterable {
    /// Before everything else.
    case high
    /// The priority of a task that says nothing.
    case normal
    /// When nothing else waits, and now and then before.
    case low
}
