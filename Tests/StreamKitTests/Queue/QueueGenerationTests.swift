import TestSupport
import Testing

@testable import StreamKit

/// A group that is deleted and created again delivers the same entries again, so a lease needs more than an entry.
@Suite("Queue generations")
struct QueueGenerationTests {
    @Test func `a lease of a deleted group is refused, even if the same consumer has the task again`() async throws {
        try await withScratchQueue { queue in
            let effects = queue.key + ":effects"
            try await queue.enqueue(Job(number: 1))
            let old = try await lease(of: queue)
            _ = try await queue.calls.send(["INCR", effects], key: effects, ifHeld: old)

            _ = try await queue.redis.stream(queue.key).group(queue.group).remove()
            let new = try await lease(of: queue)

            #expect(new.delivered.entry == old.delivered.entry && new.generation > old.generation)
            await #expect(throws: TaskLeaseLost.self) {
                _ = try await queue.calls.send(["INCR", effects], key: effects, ifHeld: old)
            }
            let reply = try await queue.calls.send(["INCR", effects], key: effects, ifHeld: new, completing: true)
            #expect(reply.integer == 2)
            _ = try await queue.redis.send("DEL", effects)
        }
    }

    @Test func `a worker whose queue is removed goes on, and its fencing tokens do not fall`() async throws {
        try await withScratchQueue { queue in
            let tokens = Shared<[Int]>([])
            let group = queue.redis.stream(queue.key).group(queue.group)
            for _ in 0..<2 {
                _ = try await queue.calls.prepare(knownGeneration: 0)
                _ = try await group.remove()
            }
            try await queue.enqueue(Job(number: 1))

            try await withThrowingTaskGroup { tasks in
                tasks.addTask {
                    try await queue.work(as: "worker") { task in tokens.withLock { $0.append(task.fencingToken) } }
                }
                try await eventually { try await queue.status().isEmpty && tokens.withLock { $0.count } >= 1 }
                try await queue.remove()
                try await queue.enqueue(Job(number: 2))
                try await eventually { try await queue.status().isEmpty && tokens.withLock { $0.count } >= 2 }
                tasks.cancelAll()
            }

            let seen = tokens.withLock { $0 }
            #expect(seen == seen.sorted() && seen.allSatisfy { $0 > 1 << 32 })
        }
    }

    /// Creates the group if it is missing, and reads one task as a worker's reader does.
    private func lease(of queue: TaskQueue<Job>) async throws -> Lease {
        let generation = try await queue.calls.prepare(knownGeneration: 0)
        let reader = queue.redis.stream(queue.key).group(queue.group).consumer("consumer")
        let entry = try #require(try await reader.read(limit: 1).first)
        let task = DeliveredTask(entry, stream: .normal)
        return Lease(task, generation: generation, consumer: "consumer")
    }
}
