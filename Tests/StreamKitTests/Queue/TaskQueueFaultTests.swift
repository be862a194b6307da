import Foundation
import Logging
import ServiceLifecycle
import StreamKit
import TestSupport
import Testing

@Suite("Task queue faults")
struct TaskQueueFaultTests {
    @Test func `a task of ten leases runs once, though another worker waits`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .seconds(1)
        try await withScratchQueue(options) { queue in
            let runs = Shared(0)
            try await queue.enqueue(Job(number: 1))
            try await withThrowingTaskGroup { group in
                for name in ["one", "other"] {
                    group.addTask {
                        try await queue.work(as: name) { _ in
                            runs.withLock { $0 += 1 }
                            try await Task.sleep(for: .seconds(10))
                        }
                    }
                }
                try await eventually { try await queue.status().isEmpty }
                group.cancelAll()
            }
            #expect(runs.withLock { $0 } == 1)
            #expect(try await queue.status().completedLastMinute == 1)
        }
    }

    @Test func `a hand-back reaches a waiting worker at once, and costs no attempt`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .seconds(30)
        options.sweepInterval = .seconds(10)
        options.maximumAttempts = 1
        try await withScratchQueue(options) { queue in
            let began = Shared(0)
            let done = Shared<[Int]>([])
            try await queue.enqueue(contentsOf: (1...3).map { Job(number: $0) })
            try await working(on: queue, concurrency: 3) { _ in
                began.withLock { $0 += 1 }
                try await Task.sleep(for: .seconds(60))
            } until: {
                began.withLock { $0 } == 3
            }

            #expect(try await queue.status().depth.high == 3)
            try await working(on: queue, concurrency: 3) { task in
                done.withLock { $0.append(task.attempt) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [2, 2, 2])
            #expect(try await queue.status().dead == 0)
        }
    }

    @Test func `a service group shuts a worker down, and running tasks end first`() async throws {
        try await withScratchQueue { queue in
            let ended = Shared(0)
            let began = Shared(0)
            try await queue.enqueue(contentsOf: (1...20).map { Job(number: $0) })
            let worker = try queue.worker(as: "service", concurrency: 2) { _ in
                began.withLock { $0 += 1 }
                try await Task.sleep(for: .milliseconds(100))
                ended.withLock { $0 += 1 }
            }
            let services = ServiceGroup(services: [worker], logger: Logger(label: "test"))

            try await withThrowingTaskGroup { group in
                group.addTask { try await services.run() }
                try await eventually { began.withLock { $0 } >= 2 }
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
            }

            let status = try await queue.status()
            #expect(began.withLock { $0 } == ended.withLock { $0 })
            #expect(status.waiting == 20 - ended.withLock { $0 })
            #expect(status.running == 0)
            #expect(status.workers == 0)
        }
    }

    @Test func `a group deleted under the workers is made again, and fencing tokens go on growing`() async throws {
        try await withScratchQueue { queue in
            let tokens = Shared<[Int]>([])
            let isOver = Shared(false)
            try await queue.enqueue(Job(number: 1))

            try await withThrowingTaskGroup { group in
                for name in ["one", "other"] {
                    group.addTask {
                        try await queue.work(as: name) { task in
                            tokens.withLock { $0.append(task.fencingToken) }
                            while !isOver.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
                        }
                    }
                }
                for count in 1...3 {
                    try await eventually { tokens.withLock { $0.count } >= count }
                    if count < 3 { _ = try await queue.redis.stream(queue.key).group(queue.group).delete() }
                }
                isOver.withLock { $0 = true }
                try await eventually { try await queue.status().isEmpty }
                group.cancelAll()
            }

            let seen = tokens.withLock { $0 }
            #expect(seen == seen.sorted())
            #expect(Set(seen).count == seen.count)
            #expect(try await queue.status().dead == 0)
        }
    }

    @Test func `a dead consumer is removed once it holds nothing, and not before`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .milliseconds(200)
        try await withScratchQueue(options) { queue in
            let id = try await queue.enqueue(Job(number: 1))
            let group = queue.redis.stream(queue.key).group(queue.group)
            _ = try await group.create(from: .beginning)
            _ = try await group.consumer("dead").read(limit: 1)
            let seen = Shared<[StreamID]>([])

            try await working(on: queue) { task in
                seen.withLock { $0.append(task.id) }
            } until: {
                try await !group.consumers().map(\.name).contains("dead")
            }

            #expect(seen.withLock { $0 } == [id])
        }
    }

    @Test func `two workers of one name share the work and no task`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            try await queue.enqueue(contentsOf: (0..<200).map { Job(number: $0) })
            try await withThrowingTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await queue.work(as: "twin", concurrency: 4) { task in
                            done.withLock { $0.append(task.payload.number) }
                        }
                    }
                }
                try await eventually { try await queue.status().isEmpty }
                group.cancelAll()
            }
            #expect(done.withLock { $0.sorted() } == Array(0..<200))
        }
    }

    @Test func `a handler that hangs and does not listen is failed after its time`() async throws {
        var options = TaskQueueOptions.quick
        options.attemptTimeout = .milliseconds(200)
        options.maximumAttempts = 1
        try await withScratchQueue(options) { queue in
            let gate = AsyncStream.makeStream(of: Void.self)
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { _ in
                // Unstructured: cancelling the handler does not reach this.
                await Task { for await _ in gate.stream { break } }.value
            } until: {
                try await queue.status().dead == 1
            }
            gate.continuation.finish()

            let letter = try #require(try await queue.deadLetters().first)
            #expect(letter.reason == .failed)
            #expect(letter.lastError.contains("no end after"))
        }
    }

    @Test func `delayed tasks of the queue's first format are still done`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<[StreamID]>([])
            _ = try await queue.redis.send(
                "EVAL",
                "return redis.call('ZADD', KEYS[1], 1, cmsgpack.pack({'payload', '{\"number\":9}', 'task', '5-1'}))",
                "1", "{\(queue.key)}:delayed")
            _ = try await queue.redis.stream(queue.key).append([
                "payload": #"{"number":8}"#, "task": "4-1", "attempts": "2", "forgiven": "2",
            ])

            try await working(on: queue) { task in
                done.withLock { $0.append(task.id) }
            } until: {
                try await queue.status().isEmpty
            }

            let ids = done.withLock { $0.map(\.description).sorted() }
            #expect(ids == ["4-1", "5-1"])
        }
    }

    @Test func `a queue of a newer format is left alone`() async throws {
        try await withScratchQueue { queue in
            _ = try await queue.redis.send("HSET", "{\(queue.key)}:meta", "format", "3")
            let error = await #expect(throws: StreamKitError.self) { try await queue.work(as: "worker") { _ in } }
            #expect(error?.serverPrefix == "QUEUEFORMAT")
        }
    }

    @Test func `Redis without memory refuses new tasks, and the others are completed and retried`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                let attempts = Shared(0)
                try await queue.enqueue(contentsOf: (0..<20).map { Job(number: $0) })
                // The group must be there, because making one needs memory.
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

                #expect(left == 0 || attempts.withLock { $0 } >= left)
                #expect(try await queue.status().dead == 0)
            }
        }
    }

    @Test func `every script keeps to its keys on a server in cluster mode`() async throws {
        let arguments = ["--cluster-enabled", "yes", "--cluster-port", String(Int.random(in: 20_000...29_999))]
        try await withScratchServer(.init(tcp: true, extraArguments: arguments)) { server in
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
