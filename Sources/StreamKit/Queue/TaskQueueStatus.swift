/// What a queue holds at one moment, taken in one atomic step.
public struct TaskQueueStatus: Sendable, Codable {
    /// Tasks that no worker has taken yet.
    public var waiting: Int
    /// Tasks in workers' hands.
    public var running: Int
    /// The running tasks in detail, oldest first; at most 100.
    public var runningTasks: [RunningTask]
    /// Retries and delayed tasks whose time has not come.
    public var delayed: Int
    /// Tasks that were given up.
    public var dead: Int
    /// Workers that the group knows: live ones, and dead ones that are not swept up yet.
    public var workers: Int

    /// One task in a worker's hands.
    public struct RunningTask: Sendable, Codable {
        /// The task.
        public var id: StreamID
        /// The worker that holds it.
        public var worker: String
        /// Which attempt this is, from 1.
        public var attempt: Int
        /// Milliseconds since its lease was last renewed.
        ///
        /// More than the lease: its worker is dead.
        public var silentMilliseconds: Int
        /// Milliseconds since the task was enqueued, by the server's clock.
        public var ageMilliseconds: Int
    }
}
