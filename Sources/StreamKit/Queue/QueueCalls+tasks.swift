import Foundation

// These calls enqueue tasks and ask about them.
extension QueueCalls {
    /// When a task may be taken.
    enum Moment {
        case now
        case after(Duration)
        case at(Date)
    }

    /// Adds tasks that need more than a bare XADD; at most some hundreds in one step.
    func enqueue(
        _ payloads: ArraySlice<Data>, _ priority: QueuePriority, _ moment: Moment, idempotencyKeys: [String]
    ) async throws -> [StreamID] {
        let when =
            switch moment {
            case .now: ["now", "0"]
            case .after(let delay): ["in", milliseconds(delay)]
            case .at(let date): ["at", milliseconds(.seconds(min(max(date.timeIntervalSince1970, 0), 1e11)))]
            }
        let reply = try await run(
            QueueScript.enqueue,
            [milliseconds(options.idempotencyWindow), priority.rawValue] + when
                + payloads.map { String(decoding: $0, as: UTF8.self) },
            moreKeys: idempotencyKeys.map { keys.once($0) })
        guard let ids = reply.elements, ids.count == payloads.count else { throw unexpected("Enqueuing", reply) }
        return try ids.map { try $0.streamID("the enqueue script") }
    }

    func cancel(_ task: StreamID) async throws -> CancelledTask? {
        try await run(QueueScript.cancel, [group, "\(task)"]).text.flatMap { CancelledTask(rawValue: $0) }
    }

    /// Puts a dead letter back.
    /// - Returns: Whether there was one.
    func requeue(_ letter: StreamID) async throws -> Bool {
        try await run(QueueScript.requeue, ["\(letter)"]).integer == 1
    }

    /// The JSON of a recorded result.
    func result(of task: StreamID) async throws -> Data? {
        try await run(QueueScript.result, ["\(task)"]).bytes.map { Data($0) }
    }

    func waitingCount() async throws -> Int {
        let reply = try await run(QueueScript.waiting, [group])
        guard let count = reply.integer, count >= 0 else { throw unexpected("The number of waiting tasks", reply) }
        return count
    }

    func status() async throws -> TaskQueueStatus {
        let reply = try await run(QueueScript.status, [group])
        guard let parts = reply.elements, parts.count == 9, let waiting = parts[0].elements?.map(count),
            waiting.count == 4
        else { throw unexpected("The status", reply) }
        let running = (parts[8].elements ?? []).compactMap { runningTask($0, now: count(parts[7])) }
        return TaskQueueStatus(
            depth: .init(high: waiting[0] + waiting[1], normal: waiting[2], low: waiting[3]),
            running: count(parts[1]), runningTasks: running, delayed: count(parts[2]), dead: count(parts[3]),
            workers: count(parts[4]), completedLastMinute: count(parts[5]), results: count(parts[6]))
    }

    /// A number that is not negative, and small enough to be added to another one.
    private func count(_ reply: Reply) -> Int { min(max(reply.integer ?? 0, 0), 1 << 53) }

    private func runningTask(_ reply: Reply, now: Int) -> TaskQueueStatus.RunningTask? {
        guard let parts = reply.elements, parts.count == 6, let id = parts[0].text.flatMap({ StreamID($0) }),
            let worker = parts[1].text, let priority = parts[5].text.flatMap({ QueuePriority(rawValue: $0) })
        else { return nil }
        let age = max(now - min(Int(clamping: id.milliseconds), now), 0)
        return .init(
            id: id, priority: priority, worker: worker, attempt: count(parts[2]),
            ran: .milliseconds(count(parts[4])), silent: .milliseconds(count(parts[3])), age: .milliseconds(age))
    }
}
