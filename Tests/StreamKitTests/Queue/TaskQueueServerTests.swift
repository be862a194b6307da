import LocalRedis
import StreamKit
import TestSupport
import Testing

/// How a queue treats its server: one without memory, one in cluster mode, one that it should not keep busy.
@Suite("Task queue and its server")
struct TaskQueueServerTests {
    @Test func `Redis without memory refuses new tasks, and the others are completed and retried`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                let attempts = Shared(0)
                try await queue.enqueue(contentsOf: (0..<20).map { Job(number: $0) })
                // The group must exist, because creating one needs memory.
                try await working(on: queue) { _ in
                } until: {
                    try await queue.status().waiting < 20
                }
                let left = try await queue.status().waiting
                _ = try await redis.send("CONFIG", "SET", "maxmemory", "1")

                let error = await #expect(throws: StreamKitError.self) { try await queue.enqueue(Job(number: 99)) }
                #expect(error?.serverPrefix == "OOM")
                try await working(on: queue, concurrency: 2) { task in
                    attempts.withLock { $0 += 1 }
                    if task.attempt == 1, task.payload.number == 19 { throw Failure(description: "once") }
                } until: {
                    let status = try await queue.status()
                    return status.waiting + status.running + status.delayed <= 1
                }
                _ = try await redis.send("CONFIG", "SET", "maxmemory", "0")
                try await working(on: queue) { _ in
                } until: {
                    try await queue.status().isEmpty
                }

                // One may be left when the second worker is stopped.
                #expect(attempts.withLock { $0 } >= left - 1)
                #expect(try await queue.status().dead == 0)
            }
        }
    }

    @Test func `every script keeps to its keys on a server in cluster mode`() async throws {
        // Its bus listens 10,000 ports above the server's own; where either is taken, another pair is tried.
        try await withScratchServer(.init(tcp: true, extraArguments: ["--cluster-enabled", "yes"])) { server in
            try await withRedis(server.configuration) { redis in
                _ = try await redis.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
                try await eventually {
                    try await redis.send("CLUSTER", "INFO").text?.contains("cluster_state:ok") == true
                }
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                let effect = "{queue}:effect"
                for priority in QueuePriority.allCases {
                    try await queue.enqueue(Job(number: 1), priority: priority)
                    try await queue.enqueue(
                        Job(number: 2), priority: priority, idempotencyKey: "k-\(priority)", after: .milliseconds(50))
                }
                let cancelled = try await queue.enqueue(Job(number: 3), after: .seconds(60))
                #expect(try await queue.cancel(cancelled) == .delayed)
                let broken = try await queue.enqueue(Job(number: 4))
                let worker = try queue.worker(
                    as: "worker", concurrency: 2,
                    recording: { task -> Int in
                        if task.payload.number == 4 { throw PermanentTaskFailure("no") }
                        _ = try await task.sendIfHeld(["INCR", effect], key: effect)
                        if task.payload.number == 2 { try await task.complete(sending: ["INCR", effect], key: effect) }
                        return task.payload.number
                    })

                try await withThrowingTaskGroup { group in
                    group.addTask { try await worker.run() }
                    try await eventually { try await queue.status().isEmpty }
                    group.cancelAll()
                }

                #expect(try await redis.send("GET", effect).text == "9")
                #expect(try await queue.deadLetters().map(\.task) == [broken])
                #expect(try await queue.requeueAll() == 1)
                try await queue.remove()
            }
        }
    }

    @Test func `idle workers send two commands a second at most`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<5 { group.addTask { try await queue.work(as: "idle", concurrency: 10) { _ in } } }
                    try await eventually { try await queue.status().workers == 5 }
                    let before = try await calls(redis)
                    let start = ContinuousClock.now
                    // An observation needs its time; nothing is expected to be over after it.
                    try await Task.sleep(for: .seconds(4))
                    let sent = try await calls(redis) - before
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    #expect(Double(sent) <= 5 * (seconds * 2 + 3))
                    group.cancelAll()
                }
            }
        }
    }

    /// Commands that clients sent; what a script does inside is not polling.
    private func calls(_ redis: Redis) async throws -> Int {
        let text = try await redis.send("INFO", "commandstats").text ?? ""
        return text.split(whereSeparator: \.isNewline)
            .filter { $0.hasPrefix("cmdstat_evalsha") || $0.hasPrefix("cmdstat_xreadgroup") }
            .compactMap { $0.split(separator: "calls=").last?.prefix { $0.isNumber } }
            .compactMap { Int($0) }.reduce(0, +)
    }
}
