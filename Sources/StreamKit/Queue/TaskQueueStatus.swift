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
        // Whole milliseconds, which is how scripts read them in JSON.
        let ranMilliseconds, silentMilliseconds, ageMilliseconds: Int

        /// How long ago this attempt began.
        public var ran: Duration { .milliseconds(ranMilliseconds) }
        /// How long ago its lease was last renewed.
        ///
        /// If it is more than the lease, its worker is dead.
        public var silent: Duration { .milliseconds(silentMilliseconds) }
        /// How long ago the task was enqueued, by the server's clock.
        public var age: Duration { .milliseconds(ageMilliseconds) }
    }
}
