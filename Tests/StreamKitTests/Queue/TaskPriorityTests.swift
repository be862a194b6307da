import LocalRedis
import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("Task priorities, cancelling and results")
struct TaskPriorityTests {
    @Test func `high goes before normal and normal before low, oldest first`() async throws {
        try await withQueueOfFreshServer { queue in
            let order = Shared<[Int]>([])
            for number in 0..<3 {
                try await queue.enqueue(Job(number: 20 + number), priority: .low)
                try await queue.enqueue(Job(number: 10 + number))
                try await queue.enqueue(Job(number: number), priority: .high)
            }
            let depth = try await queue.status().depth

            try await working(on: queue) { task in
                order.withLock { $0.append(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(depth.high == 3 && depth.normal == 3 && depth.low == 3)
            #expect(order.withLock { $0 } == [0, 1, 2, 10, 11, 12, 20, 21, 22])
        }
    }

    @Test func `a worker of many places takes urgent tasks next, though a thousand others wait`() async throws {
        try await withScratchQueue { queue in
            let taken = Shared<[QueuePriority]>([])
            let before = Shared(0)
            try await queue.enqueue(contentsOf: (0..<1_000).map { Job(number: $0) })

            try await working(on: queue, concurrency: 12) { task in
                let isUrgent = task.payload.number < 0
                let place = taken.withLock { taken in
                    taken.append(isUrgent ? .high : .normal)
                    return taken.count
                }
                guard place == 200 else { return }
                try await queue.enqueue(contentsOf: (1...20).map { Job(number: -$0) }, priority: .high)
                before.withLock { $0 = taken.withLock { $0.count } }
            } until: {
                try await queue.status().isEmpty
            }

            let order = taken.withLock { $0 }
            let last = try #require(order.lastIndex(of: .high))
            #expect(order.count == 1_020)
            // What was read before; the rest of the read that finds the first one, and of a read at that moment; and
            // one in each sixteenth read.
            let meanwhile = order[...last].dropFirst(before.withLock { $0 })
            #expect(meanwhile.count { $0 == .normal } < 12 + 6 + 6 + 4)
        }
    }

    /// Its server knows no script yet, so the worker's first question goes unanswered.
    private func withQueueOfFreshServer(_ body: (TaskQueue<Job>) async throws -> Void) async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                try await body(TaskQueue(redis: redis, key: "queue", group: "workers", options: .quick))
            }
        }
    }

    @Test func `tasks of every priority have IDs of their own, and keep their priority in a retry`() async throws {
        try await withScratchQueue { queue in
            var ids: Set<StreamID> = []
            for priority in QueuePriority.allCases {
                ids.formUnion(try await queue.enqueue(contentsOf: (0..<50).map { Job(number: $0) }, priority: priority))
            }
            ids.formUnion(try await queue.enqueue(contentsOf: (0..<50).map { Job(number: $0) }, after: .seconds(60)))
            #expect(ids.count == 200)

            for id in ids { #expect(try await queue.cancel(id) != nil) }
            #expect(try await queue.status().isEmpty)

            let low = try await queue.enqueue(Job(number: 1), priority: .low)
            let seen = Shared(0)
            try await working(on: queue) { task in
                seen.withLock { $0 += 1 }
                if task.attempt == 1 { throw Failure(description: "once") }
                #expect(try await queue.status().runningTasks.map(\.priority) == [.low])
                #expect(task.id == low)
            } until: {
                try await queue.status().isEmpty
            }
            #expect(seen.withLock { $0 } == 2)
        }
    }

    @Test func `idempotency keys hold across bulks, delays and priorities`() async throws {
        try await withScratchQueue { queue in
            let jobs = (0..<250).map { Job(number: $0) }
            let first = try await queue.enqueue(contentsOf: jobs) { "job-\($0.number)" }
            let again = try await queue.enqueue(contentsOf: jobs.reversed()) { "job-\($0.number)" }
            let inOrder: [StreamID] = again.reversed()
            #expect(first == inOrder)

            let delayed = try await queue.enqueue(
                Job(number: 0), priority: .high, idempotencyKey: "later", after: .seconds(60))
            let repeated = try await queue.enqueue(Job(number: 0), due: Date.now, idempotencyKey: "later")
            #expect(repeated == delayed)
            let status = try await queue.status()
            #expect(status.waiting == 250)
            #expect(status.delayed == 1)
            #expect(try await queue.enqueue(Job(number: 0), idempotencyKey: "job-7") == first[7])
        }
    }

    @Test func `a thousand enqueues with one key from fifty tasks add one task`() async throws {
        try await withScratchQueue { queue in
            let ids = try await withThrowingTaskGroup(of: Set<StreamID>.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        var ids: Set<StreamID> = []
                        for _ in 0..<20 { ids.insert(try await queue.enqueue(Job(number: 1), idempotencyKey: "one")) }
                        return ids
                    }
                }
                return try await group.reduce(into: Set()) { $0.formUnion($1) }
            }

            #expect(ids.count == 1)
            #expect(try await queue.status().waiting == 1)
        }
    }

    @Test func `a waiting and a delayed task can be cancelled, and a missing one cannot`() async throws {
        try await withScratchQueue { queue in
            let waiting = try await queue.enqueue(Job(number: 1))
            let delayed = try await queue.enqueue(Job(number: 2), after: .seconds(60))

            #expect(try await queue.cancel(waiting) == .waiting)
            #expect(try await queue.cancel(delayed) == .delayed)
            #expect(try await queue.cancel(waiting) == nil)
            #expect(try await queue.cancel(StreamID(milliseconds: 1)) == nil)
            #expect(try await queue.status().isEmpty)
        }
    }

    @Test func `a running task that is cancelled learns it, and can neither write nor complete`() async throws {
        try await withScratchQueue { queue in
            let effect = queue.key + ":effect"
            let wasCancelled = Shared(false)
            let refused = Shared(0)
            let id = try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { task in
                do {
                    try await Task.sleep(for: .seconds(60))
                } catch {
                    wasCancelled.withLock { $0 = true }
                }
                // Unstructured: a handler that does not listen, and tries to go on.
                await Task {
                    do { _ = try await task.sendIfHeld(["INCR", effect], key: effect) } catch is TaskLeaseLost {
                        refused.withLock { $0 += 1 }
                    } catch {}
                    do { try await task.complete(sending: ["INCR", effect], key: effect) } catch is TaskLeaseLost {
                        refused.withLock { $0 += 1 }
                    } catch {}
                }.value
            } until: {
                if try await queue.status().running == 1 { #expect(try await queue.cancel(id) == .running) }
                return refused.withLock { $0 } == 2
            }

            #expect(wasCancelled.withLock { $0 })
            #expect(try await queue.status().isEmpty)
            #expect(try await queue.deadLetters().isEmpty)
            #expect(try await queue.redis.send("EXISTS", effect).integer == 0)
        }
    }

    @Test func `a result is recorded with the completion, and the oldest make room`() async throws {
        var options = TaskQueueOptions.quick
        options.maximumResults = 5
        try await withScratchQueue(options) { queue in
            let ids = try await queue.enqueue(contentsOf: (0..<8).map { Job(number: $0) })
            let worker = try queue.worker(as: "worker", recording: { task in "result \(task.payload.number)" })

            try await withThrowingTaskGroup { group in
                group.addTask { try await worker.run() }
                try await eventually { try await queue.status().isEmpty }
                group.cancelAll()
            }

            #expect(try await queue.result(of: ids[7], as: String.self) == "result 7")
            #expect(try await queue.result(of: ids[0], as: String.self) == nil)
            #expect(try await queue.status().results == 5)
            #expect(try await queue.status().completedLastMinute == 8)
            await #expect(throws: StreamKitError.self) { try await queue.result(of: ids[7], as: Int.self) }
            for key in ["{\(queue.key)}:results", "{\(queue.key)}:result-expiry"] {
                #expect(try await queue.redis.send("PTTL", key).integer ?? 0 > 0)
            }
        }
    }

    @Test func `an effect in the completing step happens exactly once`() async throws {
        try await withScratchQueue { queue in
            let effect = queue.key + ":effect"
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { task in
                try await task.complete(sending: ["INCR", effect], key: effect)
                await #expect(throws: TaskLeaseLost.self) {
                    try await task.complete(sending: ["INCR", effect], key: effect)
                }
                throw Failure(description: "too late to matter")
            } until: {
                try await queue.status().isEmpty
            }

            #expect(try await queue.redis.send("GET", effect).text == "1")
            #expect(try await queue.status().dead == 0)
            _ = try await queue.redis.send("DEL", effect)
        }
    }
}
