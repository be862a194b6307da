/// The keys of one queue, and what each holds.
///
/// Three streams hold what waits or runs, one a priority, each with the same consumer group. A task that
/// was enqueued plainly is one entry of the middle stream, and its entry ID is the task's ID; nothing else
/// is written for it, which is what keeps the common case at the price of a bare `XADD`. Everything else
/// (priorities, delays, retries, hand-backs) gives the entry a `task` field with the task's ID, and a line in
/// `moved` that says where the task's entry is.
///
/// They all share a hash slot, as scripts on a cluster need, and every script names all it touches.
struct QueueKeys: Sendable {
    /// Waiting and running tasks of normal priority: the key that the caller chose.
    let normal: String
    /// Tasks that go first: those of high priority, and those that a worker handed back.
    let high: String
    /// Tasks that go last.
    let low: String
    /// Sorted set: task IDs by when they are due.
    let delayed: String
    /// Hash: the fields of each delayed task, packed.
    let parked: String
    /// Hash: task ID to `stream entry`, for entries whose ID is not the task's.
    let moved: String
    /// Stream of dead letters.
    let dead: String
    /// Hash: recorded results by task ID.
    let results: String
    /// Sorted set: task IDs by when their result expires.
    let resultExpiry: String
    /// Hash: tasks completed in each of the last seconds.
    let rate: String
    /// Hash: when an attempt began whose lease has been renewed since.
    let started: String
    /// Hash: `format`, `generation` (how often the group was made), `ids`, `cancels`.
    let meta: String
    /// Sorted set: the workers that live, by when that is no longer sure.
    let workers: String

    init(stream: String) {
        normal = stream
        func companion(_ name: String) -> String { CompanionKey.named(name, of: stream) }
        high = companion("high")
        low = companion("low")
        delayed = companion("delayed")
        parked = companion("parked")
        moved = companion("moved")
        dead = companion("dead")
        results = companion("results")
        resultExpiry = companion("result-expiry")
        rate = companion("rate")
        started = companion("started")
        meta = companion("meta")
        workers = companion("workers")
    }

    /// All of them, in the order in which the scripts expect them.
    var all: [String] {
        [normal, high, low, delayed, parked, moved, dead, results, resultExpiry, rate, started, meta, workers]
    }

    /// The stream of a priority.
    func stream(_ priority: QueuePriority) -> String {
        switch priority {
        case .high: high
        case .normal: normal
        case .low: low
        }
    }

    /// Where the first task enqueued under an idempotency key is remembered.
    func once(_ idempotencyKey: String) -> String { CompanionKey.named("once:\(idempotencyKey)", of: normal) }
}
