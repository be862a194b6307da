extension TaskQueue {
    /// What the queue holds right now, read in one atomic step.
    ///
    /// If metrics are collected, it also sets the gauges `streamkit.queue.waiting`, `running`, `delayed` and `dead`.
    /// Call it regularly to feed a dashboard; the queue never does so by itself.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func status() async throws -> TaskQueueStatus {
        let status = try await calls.status()
        metrics.record(status)
        return status
    }

    /// How many tasks no worker has taken yet, of any priority; delayed tasks are left out.
    ///
    /// A cheap question, for a server that refuses new work while too much waits.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func waitingCount() async throws -> Int {
        try await calls.waitingCount()
    }
}
