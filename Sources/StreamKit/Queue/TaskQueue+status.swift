extension TaskQueue {
    /// What the queue holds right now, read in one atomic step.
    ///
    /// - Throws: A ``StreamKitError``, for example `WRONGTYPE` if the key holds something else.
    public func status() async throws -> TaskQueueStatus {
        let reply = try await redis.run(
            QueueScripts.status, keys: [keys.stream, keys.delayed, keys.dead], arguments: [group])
        guard let parts = reply.elements, parts.count == 7 else {
            throw StreamKitError.unexpectedReply("the status of queue \(key) has an unknown shape")
        }
        let numbers = parts.prefix(6).map { $0.integer ?? 0 }
        return TaskQueueStatus(
            waiting: max(numbers[0] - numbers[1], 0), running: numbers[1],
            runningTasks: (parts[6].elements ?? []).compactMap { runningTask($0, now: numbers[5]) },
            delayed: numbers[2], dead: numbers[3], workers: numbers[4])
    }

    private func runningTask(_ reply: Reply, now: Int) -> TaskQueueStatus.RunningTask? {
        guard let parts = reply.elements, parts.count == 4, let id = parts[0].text.flatMap({ StreamID($0) }),
            let worker = parts[1].text, let attempt = parts[2].integer, let silent = parts[3].integer
        else { return nil }
        return .init(
            id: id, worker: worker, attempt: attempt, silentMilliseconds: silent,
            ageMilliseconds: max(now - Int(id.milliseconds), 0))
    }
}
