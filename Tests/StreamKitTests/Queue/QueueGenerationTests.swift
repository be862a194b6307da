import TestSupport
import Testing

@testable import StreamKit

/// A group that is deleted and made again counts deliveries from 1, so a hold needs more than a delivery count.
@Suite("Queue generations")
struct QueueGenerationTests {
    @Test func `a hold of a deleted group is refused, though the same consumer has the task again`() async throws {
        try await withScratchQueue { queue in
            try await queue.enqueue(Job(number: 1))
            let old = try await hold(of: queue)
            _ = try await old.send(["INCR", "{\(queue.key)}:effects"], key: "{\(queue.key)}:effects")

            _ = try await queue.redis.stream(queue.key).group(queue.group).delete()
            let new = try await hold(of: queue)

            #expect(new.entry == old.entry && new.deliveries == old.deliveries && new.generation > old.generation)
            await #expect(throws: TaskLeaseLost.self) {
                _ = try await old.send(["INCR", "{\(queue.key)}:effects"], key: "{\(queue.key)}:effects")
            }
            let effects = try await new.complete(
                sending: ["INCR", "{\(queue.key)}:effects"], key: "{\(queue.key)}:effects")
            #expect(effects.integer == 2)
            _ = try await queue.redis.send("DEL", "{\(queue.key)}:effects")
        }
    }

    @Test func `a worker whose queue is removed goes on, and its fencing tokens do not fall`() async throws {
        try await withScratchQueue { queue in
            let tokens = Shared<[Int]>([])
            let group = queue.redis.stream(queue.key).group(queue.group)
            for _ in 0..<2 {
                _ = try await prepare(queue)
                _ = try await group.delete()
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

    private func prepare(_ queue: TaskQueue<Job>) async throws -> Int {
        let made = try await queue.redis.run(
            QueueScripts.prepare, keys: queue.keys.all, arguments: [queue.group, "1"])
        return try #require(made.integer)
    }

    /// Makes the group if it is missing, and reads one task as a worker's loop does.
    private func hold(of queue: TaskQueue<Job>) async throws -> TaskHold {
        let generation = try await prepare(queue)
        let read = try await queue.redis.send(
            "XREADGROUP", "GROUP", queue.group, "consumer", "STREAMS", queue.key, ">")
        let entries = try StreamEntry.all(in: #require(read.elements?.first?.elements?.last))
        let task = DeliveredTask(try #require(entries.first), stream: .normal, generation: generation)
        let claimant = Claimant(redis: queue.redis, keys: queue.keys, group: queue.group, consumer: "consumer")
        return TaskHold(task, by: claimant, taken: .now, slot: 0)
    }
}
