import LocalRedis
import TestSupport
import Testing

@testable import StreamKit

@Suite("A queue's keys")
struct QueueKeyTests {
    @Test(arguments: [
        ("orders", "{orders}:dead"), ("{shop}orders", "{shop}orders:dead"), ("{}orders", "{{}orders}:dead"),
        ("or{ders", "{or{ders}:dead"), ("a{b}{c}", "a{b}{c}:dead"),
    ])
    func `a companion keeps the hash tag of its key`(key: String, companion: String) {
        #expect(CompanionKey.named("dead", of: key) == companion)
    }

    @Test func `every key that a queue writes is among those that it names`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                for priority in QueuePriority.allCases { try await queue.enqueue(Job(number: 1), priority: priority) }
                try await queue.enqueue(Job(number: 2), after: .seconds(600))
                let keys = Shared<Set<String>>([])
                let worker = try queue.worker(
                    as: "worker",
                    recording: { task -> Int in
                        try await task.madeProgress()
                        let found = try await redis.send("KEYS", "*").elements?.compactMap(\.text) ?? []
                        keys.withLock { $0.formUnion(found) }
                        if task.attempt == 1 { throw Failure(description: "once") }
                        if task.attempt == 2 { throw PermanentTaskFailure("twice") }
                        return 1
                    })
                try await withThrowingTaskGroup { group in
                    group.addTask { try await worker.run() }
                    try await eventually { try await queue.status().dead == 3 }
                    _ = try await queue.requeueAll()
                    try await eventually { try await queue.status().results == 3 }
                    group.cancelAll()
                    try await group.waitForAll()
                }

                let named = Set(TaskQueue<Job>.allKeys(of: "queue"))
                #expect(keys.withLock { $0.subtracting(named) } == [])
                try await queue.remove()
                #expect(try await redis.send("DBSIZE").integer == 0)
            }
        }
    }
}
