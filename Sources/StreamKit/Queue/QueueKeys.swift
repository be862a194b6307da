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
    private let prefix: String

    init(stream: String) {
        normal = stream
        // A key that brings a hash tag of its own keeps it; braces around it would make another tag.
        let prefix = Self.hasHashTag(stream) ? stream : "{\(stream)}"
        self.prefix = prefix
        func companion(_ name: String) -> String { "\(prefix):\(name)" }
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
    func once(_ idempotencyKey: String) -> String { "\(prefix):once:\(idempotencyKey)" }

    /// A non-empty text between the first `{` and the next `}` is all that Redis hashes.
    private static func hasHashTag(_ key: String) -> Bool {
        guard let open = key.firstIndex(of: "{"), let close = key[open...].firstIndex(of: "}") else { return false }
        return key.index(after: open) < close
    }
}
