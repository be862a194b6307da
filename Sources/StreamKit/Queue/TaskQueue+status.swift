extension TaskQueue {
    /// What the queue holds right now, read in one atomic step.
    ///
    /// Where metrics are collected, it also sets the gauges `streamkit.queue.waiting`, `running`, `delayed` and `dead`:
    /// whoever asks regularly feeds a dashboard with it, and nobody else pays for the question.
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
