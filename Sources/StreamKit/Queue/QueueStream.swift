/// One of the streams in which a queue keeps what waits or runs, in the order in which they are read.
enum QueueStream: String, CaseIterable, Sendable {
    /// Tasks that were begun or taken before: handed back, or freed from a worker that died.
    case resumed
    case high, normal, low
}
