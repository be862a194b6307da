extension TaskQueue {
    /// What the queue holds right now, read in one atomic step; it also sets the metrics' gauges.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func status() async throws -> TaskQueueStatus {
        let reply = try await redis.run(QueueScripts.status, keys: keys.all, arguments: [group])
        guard let parts = reply.elements, parts.count == 9, let waiting = parts[0].elements, waiting.count == 3 else {
            throw StreamKitError.unexpectedReply("the status of queue \(key) has an unknown shape")
        }
        func number(_ index: Int) -> Int { parts[index].integer ?? 0 }
        let now = number(6)
        let status = TaskQueueStatus(
            depth: .init(
                high: waiting[0].integer ?? 0, normal: waiting[1].integer ?? 0, low: waiting[2].integer ?? 0),
            running: number(1), runningTasks: (parts[7].elements ?? []).compactMap { runningTask($0, now: now) },
            delayed: number(2), dead: number(3), workers: number(4), completedLastMinute: number(5), results: number(8))
        QueueMetrics.record(status, of: key)
        return status
    }

    /// How many tasks no worker has taken yet, of any priority.
    ///
    /// A cheap question, for a server that refuses new work while too much waits.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func waitingCount() async throws -> Int {
        try await status().waiting
    }

    private func runningTask(_ reply: Reply, now: Int) -> TaskQueueStatus.RunningTask? {
        guard let parts = reply.elements, parts.count == 6, let id = parts[0].text.flatMap({ StreamID($0) }),
            let worker = parts[1].text, let attempt = parts[2].integer, let silent = parts[3].integer,
            let ran = parts[4].integer, let priority = parts[5].text.flatMap({ QueuePriority(rawValue: $0) })
        else { return nil }
        return .init(
            id: id, priority: priority, worker: worker, attempt: attempt, ranMilliseconds: max(ran, 0),
            silentMilliseconds: silent, ageMilliseconds: max(now - Int(id.milliseconds), 0))
    }
}
