// The queue most people have: a list. BRPOP takes a task, and from then on only the worker knows of it.
// Run:    swift run queue-integration
// Expect: a worker that dies between BRPOP and the end takes its task along.

import StreamKit

// snippet: list
struct ListQueue {
    let redis: Redis

    func enqueue(_ task: LessonTask) async throws {
        _ = try await redis.send("LPUSH", Keys.list, task.json())
    }

    /// Waits a second at most for a task.
    ///
    /// Once this returns, Redis has forgotten it.
    func next() async throws -> LessonTask? {
        let reply = try await redis.sendBlocking(["BRPOP", Keys.list, "1"], wait: .seconds(2))
        guard let json = reply.elements?.last?.text else { return nil }
        return try LessonTask(json: json)
    }
}
// end snippet

extension ListQueue {
    func work(as worker: String, pace: Duration) async throws {
        while !Task.isCancelled {
            guard let task = try await next() else { continue }
            let log = redis.stream(Keys.log(of: task.id, in: .list))
            try await perform(task, by: worker, attempt: 1, pace: pace) { _ = try await log.append(fields: $0) }
        }
    }
}
