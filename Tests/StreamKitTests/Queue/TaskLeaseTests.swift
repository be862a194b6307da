import LocalRedis
import FaultKit
import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("Task leases")
struct TaskLeaseTests {
    @Test func `a dead worker's task is taken over as the next attempt`() async throws {
        try await withScratchQueue { queue in
            let attempts = Shared<[Int]>([])
            let id = try await queue.enqueue(Job(number: 1))
            try await deliver(queue, to: "dead")

            try await working(on: queue) { task in
                #expect(task.id == id)
                attempts.withLock { $0.append(task.attempt) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(attempts.withLock { $0 } == [2])
        }
    }

    @Test func `a task that kills every worker is given up`() async throws {
        var options = TaskQueueOptions.quick
        options.maximumWorkerDeaths = 1
        try await withScratchQueue(options) { queue in
            try await queue.enqueue(Job(number: 1))
            try await deliver(queue, to: "dead")

            try await working(on: queue) { _ in
                Issue.record("ran once too often")
            } until: {
                try await queue.status().isEmpty
            }

            #expect(try await queue.deadLetters().map(\.reason) == [.workerDied])
        }
    }

    @Test func `a worker that was cut off past its lease cannot write or complete`() async throws {
        let server = try await TestServer.shared.server()
        let port = try #require(server.port)
        try await withCuttingProxy(to: port) { proxy in
            try await withScratchQueue { queue in
                let effect = queue.key + ":effect"
                let began = Shared(false)
                let refused = Shared<String?>(nil)
                let gate = AsyncStream.makeStream(of: Void.self)
                try await queue.enqueue(Job(number: 1))
                var configuration = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                configuration.timeouts.command = .seconds(5)
                try await withRedis(configuration) { slow in
                    let zombie = TaskQueue<Job>(redis: slow, key: queue.key, group: "workers", options: .quick)
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            try await zombie.work(as: "zombie") { task in
                                guard task.attempt == 1 else { return }
                                began.withLock { $0 = true }
                                // Unstructured: this handler is the kind that does not listen when it is cancelled.
                                await Task {
                                    for await _ in gate.stream { break }
                                    do {
                                        _ = try await task.sendIfHeld(["INCRBY", effect, "1000"], key: effect)
                                    } catch {
                                        refused.withLock { $0 = "\(type(of: error))" }
                                    }
                                }.value
                            }
                        }
                        try await eventually { began.withLock { $0 } }
                        proxy.stall()
                        try await working(on: queue) { task in
                            _ = try await task.sendIfHeld(["INCR", effect], key: effect)
                        } until: {
                            try await queue.status().isEmpty
                        }
                        proxy.resume()
                        try await eventually { (try? await slow.send("PING")) != nil }
                        gate.continuation.yield()
                        try await eventually { refused.withLock { $0 } != nil }
                        group.cancelAll()
                    }
                }

                #expect(refused.withLock { $0 } == "TaskLeaseLost")
                #expect(try await queue.redis.send("GET", effect).text == "1")
                _ = try await queue.redis.send("DEL", effect)
            }
        }
    }

    @Test func `a worker that shuts down hands its task back, and nobody waits for the lease`() async throws {
        var options = TaskQueueOptions.quick
        // Nobody waits this long here, so the task can only have been handed back.
        options.lease = .seconds(600)
        try await withScratchQueue(options) { queue in
            let attempt = Shared(0)
            let hasBegun = Shared(false)
            try await queue.enqueue(Job(number: 1))
            try await working(on: queue) { _ in
                hasBegun.withLock { $0 = true }
                try await Task.sleep(for: .seconds(60))
            } until: {
                hasBegun.withLock { $0 }
            }

            try await working(on: queue) { task in
                attempt.withLock { $0 = task.attempt }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(attempt.withLock { $0 } == 2)
        }
    }

    @Test func `no task is lost when Redis is killed and restarted under the workers`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                let done = Shared<Set<Int>>([])
                try await queue.enqueue(contentsOf: (1...200).map { Job(number: $0) })

                try await withThrowingTaskGroup { group in
                    group.addTask {
                        try await queue.work(as: "worker", concurrency: 4) { task in
                            try await Task.sleep(for: .milliseconds(10))
                            done.withLock { _ = $0.insert(task.payload.number) }
                        }
                    }
                    try await eventually { done.withLock { $0.count } > 20 }
                    await server.kill()
                    try await server.restart()
                    try await eventually { (try? await queue.status().isEmpty) == true }
                    group.cancelAll()
                }

                #expect(done.withLock { $0.count } == 200)
                #expect(try await queue.status().dead == 0)
            }
        }
    }

    /// Gives the next task to a consumer that will never do it, as a worker that dies at once would.
    private func deliver(_ queue: TaskQueue<Job>, to consumer: String) async throws {
        let group = queue.redis.stream(queue.key).group(queue.group)
        _ = try await group.create(from: .beginning)
        #expect(try await group.consumer(consumer).read(limit: 1).count == 1)
    }
}
