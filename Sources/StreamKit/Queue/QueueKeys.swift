/// The keys of one queue, and what each holds.
///
/// Four streams hold what waits or runs: one per priority and one for tasks that are resumed, all with the same
/// consumer group. A task that was enqueued plainly is one entry of the normal stream, and its entry ID is the task's
/// ID; nothing else is written for it, so the common case costs no more than a bare `XADD`. In all other cases
/// (priorities, delays, retries, takeovers) the entry has a field `task` with the task's ID, and `relocated` says where
/// the task's entry is.
///
/// All keys share a hash slot, as scripts on a cluster need, and every script names all the keys that it touches.
struct QueueKeys: Sendable {
    /// A key beside the stream that the caller chose, in the order in which scripts name them.
    enum Companion: String, CaseIterable, Sendable {
        /// Streams: tasks of high and low priority, and tasks that go before all others.
        case high, low, resumed
        /// Sorted set: task IDs by when they are due.
        case delayed
        /// Hash: the fields of each delayed task, packed.
        case delayedTasks = "delayed-tasks"
        /// Hash: from task ID to `stream entry`, for entries whose ID is not the task's.
        case relocated
        /// Stream of dead letters.
        case dead
        /// Hash: recorded results by task ID.
        case results
        /// Sorted set: task IDs by when their result expires.
        case resultExpiry = "result-expiry"
        /// Hash: tasks completed in each of the last seconds.
        case rate
        /// Hash: when each attempt began whose lease has been renewed.
        case started
        /// Hash: the attempts that made progress.
        case progress
        /// Hash: `generation` (how often the group was created) and `ids`.
        case meta
        /// Sorted set: the live workers, by when they no longer count as alive.
        case workers
    }

    /// Waiting and running tasks of normal priority: the key that the caller chose.
    let normal: String
    /// Every key of the queue, except its idempotency keys, in the order of the scripts' prelude.
    let all: [String]

    init(stream: String) {
        normal = stream
        all = [stream] + Companion.allCases.map { CompanionKey.named($0.rawValue, of: stream) }
    }

    subscript(companion: Companion) -> String { CompanionKey.named(companion.rawValue, of: normal) }

    subscript(of stream: QueueStream) -> String {
        stream == .normal ? normal : CompanionKey.named(stream.rawValue, of: normal)
    }

    /// The key that remembers the first task enqueued under an idempotency key.
    func once(_ idempotencyKey: String) -> String { CompanionKey.named("once:\(idempotencyKey)", of: normal) }
}

/// One of the streams in which a queue keeps what waits or runs, in the order in which they are read.
enum QueueStream: String, CaseIterable, Sendable {
    /// Tasks that were begun or taken before: handed back, or freed from a worker that died.
    case resumed
    case high, normal, low
}
