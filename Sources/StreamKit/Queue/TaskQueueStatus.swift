/// What a queue holds at one moment, taken in one atomic step.
public struct TaskQueueStatus: Sendable, Codable {
    /// Tasks that no worker has taken yet, by priority.
    public var depth: Depth
    /// Tasks in workers' hands.
    public var running: Int
    /// The running tasks in detail, most urgent and then oldest first; at most 100.
    public var runningTasks: [RunningTask]
    /// Retries and delayed tasks whose time has not come.
    public var delayed: Int
    /// Tasks that were given up.
    public var dead: Int
    /// Workers that are alive; a killed one counts for some seconds more.
    public var workers: Int
    /// Tasks that were completed within the last minute.
    public var completedLastMinute: Int
    /// Results that are recorded.
    public var results: Int

    /// Tasks that no worker has taken yet.
    public var waiting: Int { depth.high + depth.normal + depth.low }

    /// Tasks of one priority that no worker has taken yet.
    public func waiting(_ priority: QueuePriority) -> Int {
        switch priority {
        case .high: depth.high
        case .normal: depth.normal
        case .low: depth.low
        }
    }

    /// How many tasks wait at each priority.
    public struct Depth: Sendable, Codable {
        /// Tasks of high priority, and tasks that go before all others: handed back, or freed from a dead worker.
        public var high: Int
        /// Tasks of normal priority.
        public var normal: Int
        /// Tasks of low priority.
        public var low: Int
    }

    /// One task in a worker's hands.
    public struct RunningTask: Sendable, Codable {
        /// The task.
        public var id: StreamID
        /// The priority it was enqueued with.
        public var priority: QueuePriority
        /// The worker that holds it.
        public var worker: String
        /// Which attempt this is, from 1.
        public var attempt: Int
        /// How long ago this attempt began.
        public var ran: Duration
        /// How long ago its lease was last renewed.
        ///
        /// If it is more than the lease, its worker is dead.
        public var silent: Duration
        /// How long ago the task was enqueued, by the server's clock.
        public var age: Duration
    }
}

// Durations are written as whole milliseconds, so that scripts can read them.
extension TaskQueueStatus.RunningTask {
    private enum CodingKeys: String, CodingKey {
        case id, priority, worker, attempt, ranMilliseconds, silentMilliseconds, ageMilliseconds
    }

    /// Reads what ``encode(to:)`` writes.
    ///
    /// - Throws: A `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func duration(_ key: CodingKeys) throws -> Duration {
            .milliseconds(try values.decode(Int64.self, forKey: key))
        }
        self.init(
            id: try values.decode(StreamID.self, forKey: .id),
            priority: try values.decode(QueuePriority.self, forKey: .priority),
            worker: try values.decode(String.self, forKey: .worker),
            attempt: try values.decode(Int.self, forKey: .attempt),
            ran: try duration(.ranMilliseconds), silent: try duration(.silentMilliseconds),
            age: try duration(.ageMilliseconds))
    }

    /// Writes the fields by name, and durations as whole milliseconds.
    ///
    /// - Throws: What the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(priority, forKey: .priority)
        try values.encode(worker, forKey: .worker)
        try values.encode(attempt, forKey: .attempt)
        try values.encode(ran.wholeMilliseconds, forKey: .ranMilliseconds)
        try values.encode(silent.wholeMilliseconds, forKey: .silentMilliseconds)
        try values.encode(age.wholeMilliseconds, forKey: .ageMilliseconds)
    }
}
