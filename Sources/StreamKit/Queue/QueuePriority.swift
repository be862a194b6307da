/// Which tasks go first.
///
/// Workers take high before normal and normal before low; within a priority the oldest goes first. Tasks that were
/// begun before go before all of these: a worker handed them back, or they were freed because their worker died.
/// A retry or a delayed task joins the end of its priority once it is due.
///
/// A priority is a preference and not a barrier. A worker that fills many places at once takes one task of each higher
/// priority with them, and all that it can from its next read on. And in every sixteenth read it takes the oldest task
/// of each lower priority too, or of one after the other if it has too few places, so that a steady flow of urgent
/// tasks slows the others down and never stops them.
public enum QueuePriority: String, Sendable, Codable, CaseIterable {
    /// Before everything else.
    case high
    /// The default priority.
    case normal
    /// After everything else, except now and then.
    case low
}
