// The same queue on a stream with a group: a task stays in Redis until its worker says that it is done.
// Run:    ./lesson 3
// Expect: a worker dies, another one claims its task, and the log shows both attempts.

import StreamKit

// snippet: stream
struct StreamQueue {
    let redis: Redis
    /// How long a task may lie with a silent worker before another one claims it.
    var claimAfter: Duration = .milliseconds(800)

    var stream: RedisStream { redis.stream(Keys.lesson.stream) }
    var group: ConsumerGroup { stream.group("workers") }

    func enqueue(_ task: LessonTask) async throws {
        _ = try await stream.append(["task": task.json()])
    }

    func work(as worker: LessonWorker) async throws {
        _ = try await group.create(from: .beginning)
        while !Task.isCancelled {
            for entry in try await take(as: worker) { try await work(on: entry, as: worker) }
        }
    }

    /// Abandoned tasks first, then new ones.
    private func take(as worker: LessonWorker) async throws -> [StreamEntry] {
        let consumer = group.consumer(worker.name)
        let abandoned = try await consumer.claim(idleFor: claimAfter, limit: 1).entries
        if !abandoned.isEmpty { return abandoned }
        return try await consumer.read(limit: 1, wait: .atMost(.milliseconds(200)))
    }

    private func work(on entry: StreamEntry, as worker: LessonWorker) async throws {
        let task = try LessonTask(json: entry["task"] ?? "")
        let log = redis.stream(Keys.lesson.log(of: task.id, in: .stream))
        let attempt = try await deliveries(of: entry.id, to: worker)
        do {
            try await perform(task, by: worker, attempt: attempt) { _ = try await log.append(EntryFields($0)) }
        } catch {
            worker.says("task \(task.id), attempt \(attempt): stays pending (\(error))")
            throw error
        }
        // Only now may Redis forget the task. A worker that dies right here leaves it to be done again.
        _ = try await group.acknowledge([entry.id])
        _ = try await stream.delete([entry.id])
    }

    private func deliveries(of id: StreamID, to worker: LessonWorker) async throws -> Int {
        try await group.pendingEntries(consumer: worker.name).first { $0.id == id }?.deliveryCount ?? 1
    }
}
// end snippet
