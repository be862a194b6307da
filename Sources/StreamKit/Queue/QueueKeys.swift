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
    /// Waiting and running tasks of normal priority: the key that the caller chose.
    let normal: String
    /// Tasks of high priority.
    let high: String
    /// Tasks of low priority.
    let low: String
    /// Tasks that go before all others: handed back, or freed from a worker that died.
    let resumed: String
    /// Sorted set: task IDs by when they are due.
    let delayed: String
    /// Hash: the fields of each delayed task, packed.
    let delayedTasks: String
    /// Hash: from task ID to `stream entry`, for entries whose ID is not the task's.
    let relocated: String
    /// Stream of dead letters.
    let dead: String
    /// Hash: recorded results by task ID.
    let results: String
    /// Sorted set: task IDs by when their result expires.
    let resultExpiry: String
    /// Hash: tasks completed in each of the last seconds.
    let rate: String
    /// Hash: when each attempt began whose lease has been renewed.
    let started: String
    /// Hash: the attempts that made progress.
    let progress: String
    /// Hash: `format`, `generation` (how often the group was created), `ids`, `cancels`.
    let meta: String
    /// Sorted set: the live workers, by when they no longer count as alive.
    let workers: String
    /// A stream that the queue itself never touches: it tells handlers that a task was called off.
    let cancelled: String
    /// What a transaction has to restore; the key exists only while a transaction runs.
    let undo: String

    init(stream: String) {
        func companion(_ name: String) -> String { CompanionKey.named(name, of: stream) }
        normal = stream
        high = companion("high")
        low = companion("low")
        resumed = companion("resumed")
        delayed = companion("delayed")
        delayedTasks = companion("delayed-tasks")
        relocated = companion("relocated")
        dead = companion("dead")
        results = companion("results")
        resultExpiry = companion("result-expiry")
        rate = companion("rate")
        started = companion("started")
        progress = companion("progress")
        meta = companion("meta")
        workers = companion("workers")
        cancelled = companion("cancelled")
        undo = companion("undo")
    }

    /// The keys that every script names, in the order of its prelude.
    var ofScripts: [String] {
        [
            normal, high, low, resumed, delayed, delayedTasks, relocated, dead, results, resultExpiry, rate, started,
            progress, meta, workers,
        ]
    }

    /// Every key of the queue, except its idempotency keys.
    var all: [String] { ofScripts + [cancelled, undo] }

    func key(of stream: QueueStream) -> String {
        switch stream {
        case .resumed: resumed
        case .high: high
        case .normal: normal
        case .low: low
        }
    }

    /// The key that remembers the first task enqueued under an idempotency key.
    func once(_ idempotencyKey: String) -> String { CompanionKey.named("once:\(idempotencyKey)", of: normal) }
}
