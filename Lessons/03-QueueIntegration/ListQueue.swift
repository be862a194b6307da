// The queue most people have: a list. BRPOP takes a task, and from then on only the worker knows of it.
// Run:    ./lesson 3
// Expect: a worker that dies between BRPOP and the end takes its task along.

import StreamKit

// snippet: list
struct ListQueue {
    let redis: Redis
    var keys = Keys.lesson

    func enqueue(_ task: LessonTask) async throws {
        _ = try await redis.send("LPUSH", keys.list, task.json())
    }

    /// Waits at most a second for a task.
    ///
    /// Once this returns, Redis has forgotten it.
    func next() async throws -> String? {
        let reply = try await redis.sendBlocking(["BRPOP", keys.list, "1"], wait: .atMost(.seconds(1)))
        return reply.elements?.last?.text
    }
}
// end snippet

extension ListQueue {
    func work(as worker: LessonWorker) async throws {
        while !Task.isCancelled {
            guard let json = try await next() else { continue }
            do {
                let task = try LessonTask(json: json)
                let log = redis.stream(keys.log(of: task.id, in: .list))
                try await perform(task, by: worker, attempt: 1) { _ = try await log.append(EntryFields($0)) }
            } catch {
                worker.says("lost, for the list has forgotten it: \(json) (\(error))")
                if error is StreamKitError { throw error }
            }
        }
    }
}
