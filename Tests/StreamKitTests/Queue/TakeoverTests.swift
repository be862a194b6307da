import TestSupport
import Testing

@testable import StreamKit

@Suite("Takeovers and the order of tasks")
struct TakeoverTests {
    @Test(arguments: [QueuePriority.normal, .high])
    func `a dead worker's task goes before a backlog`(priority: QueuePriority) async throws {
        var options = TaskQueueOptions.quick
        options.lease = .milliseconds(600)
        try await withScratchQueue(options) { queue in
            let order = Shared<[Int]>([])
            try await queue.enqueue(Job(number: -1), priority: priority)
            try await deliverOne(of: queue, from: priority == .high ? .high : .normal, to: "dead")
            try await queue.enqueue(contentsOf: (0..<1_000).map { Job(number: $0) }, priority: priority)

            try await working(on: queue) { task in
                order.withLock { $0.append(task.payload.number) }
                // The whole backlog takes ten seconds at least.
                try await Task.sleep(for: .milliseconds(10))
            } until: {
                order.withLock { $0.contains(-1) }
            }

            #expect(order.withLock { $0.count } < 1_000, "the backlog was done first")
        }
    }

    @Test func `a task of low priority runs even if tasks of high priority never end`() async throws {
        try await withScratchQueue { queue in
            let hasRun = Shared(false)
            try await queue.enqueue(Job(number: 1), priority: .low)
            try await queue.enqueue(contentsOf: (0..<10).map { _ in Job(number: 0) }, priority: .high)

            try await working(on: queue) { task in
                if task.payload.number == 1 { return hasRun.withLock { $0 = true } }
                try await queue.enqueue(Job(number: 0), priority: .high)
            } until: {
                hasRun.withLock { $0 }
            }

            #expect(hasRun.withLock { $0 })
        }
    }

    @Test(arguments: [1, 2, 3, 12])
    func `a normal task runs even if tasks of high and of low priority never end`(concurrency: Int) async throws {
        try await withScratchQueue { queue in
            let hasRun = Shared(false)
            for priority in [QueuePriority.high, .low] {
                try await queue.enqueue(contentsOf: (0..<20).map { _ in Job(number: 0) }, priority: priority)
            }
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue, concurrency: concurrency) { task in
                if task.payload.number == 1 { return hasRun.withLock { $0 = true } }
                try await queue.enqueue(Job(number: 0), priority: .high)
                try await queue.enqueue(Job(number: 0), priority: .low)
            } until: {
                hasRun.withLock { $0 }
            }

            #expect(hasRun.withLock { $0 })
        }
    }

    @Test func `a delayed task runs once it is due, even if a backlog never ends`() async throws {
        try await withScratchQueue { queue in
            let hasRun = Shared(false)
            try await queue.enqueue(Job(number: 1), after: .milliseconds(50))
            try await queue.enqueue(contentsOf: (0..<10).map { _ in Job(number: 0) })

            try await working(on: queue) { task in
                if task.payload.number == 1 { return hasRun.withLock { $0 = true } }
                try await queue.enqueue(Job(number: 0))
            } until: {
                hasRun.withLock { $0 }
            }

            #expect(hasRun.withLock { $0 })
        }
    }

    @Test func `deaths of workers and attempts handed back are not failures of the task`() async throws {
        var options = TaskQueueOptions.quick
        options.maximumAttempts = 2
        try await withScratchQueue(options) { queue in
            let seen = Shared<[(attempt: Int, isLast: Bool, formerEnd: AttemptEnd?)]>([])
            try await queue.enqueue(Job(number: 1))
            _ = try await queue.calls.prepare(knownGeneration: 0)
            try await dieOver(queue, from: .normal, as: "dead-1")
            try await dieOver(queue, from: .resumed, as: "dead-2")
            try await deliverOne(of: queue, from: .resumed, to: "leaver")
            try await queue.calls.handBackAll(by: "leaver")

            try await working(on: queue) { task in
                seen.withLock { $0.append((task.attempt, task.isLastAttempt, task.formerEnd)) }
                throw Failure(description: "attempt \(task.attempt)")
            } until: {
                try await queue.status().dead == 1
            }

            #expect(seen.withLock { $0.map(\.attempt) } == [4, 5])
            #expect(seen.withLock { $0.map(\.isLast) } == [false, true])
            #expect(seen.withLock { $0.map(\.formerEnd) } == [.handedBack, .failed])
            #expect(try await queue.deadLetters().map(\.reason) == [.failed])
        }
    }

    @Test func `progress starts the count of dead workers again, and without it the task is given up`() async throws {
        var options = TaskQueueOptions.quick
        options.maximumWorkerDeaths = 2
        try await withScratchQueue(options) { queue in
            try await queue.enqueue(Job(number: 1))
            let generation = try await queue.calls.prepare(knownGeneration: 0)
            try await dieOver(queue, from: .normal, as: "dead-1")

            let entry = try await deliverOne(of: queue, from: .resumed, to: "dead-2")
            let task = DeliveredTask(entry, stream: .resumed)
            let lease = Lease(task, generation: generation, consumer: "dead-2")
            try await queue.calls.madeProgress(lease)
            try await free(queue)
            #expect(try await queue.status().dead == 0)
            try await dieOver(queue, from: .resumed, as: "dead-3")

            let letter = try #require(try await queue.deadLetters().first)
            #expect(letter.reason == .workerDied && letter.attempts == 3)
            #expect(letter.lastError.contains("dead-3"))
            #expect(try await queue.status().isEmpty)
        }
    }

    @Test func `progress is refused to a worker that lost its task`() async throws {
        try await withScratchQueue { queue in
            try await queue.enqueue(Job(number: 1))
            let generation = try await queue.calls.prepare(knownGeneration: 0)
            let entry = try await deliverOne(of: queue, from: .normal, to: "slow")
            let task = DeliveredTask(entry, stream: .normal)
            let lease = Lease(task, generation: generation, consumer: "slow")
            try await free(queue)

            await #expect(throws: TaskLeaseLost.self) { try await queue.calls.madeProgress(lease) }
        }
    }

    @discardableResult
    private func deliverOne(
        of queue: TaskQueue<Job>, from stream: QueueStream, to consumer: String
    ) async throws -> StreamEntry {
        _ = try await queue.calls.prepare(knownGeneration: 0)
        let group = queue.redis.stream(queue.keys[of: stream]).group(queue.group)
        return try #require(try await group.consumer(consumer).read(limit: 1).first)
    }

    private func dieOver(_ queue: TaskQueue<Job>, from stream: QueueStream, as consumer: String) async throws {
        try await deliverOne(of: queue, from: stream, to: consumer)
        try await free(queue)
    }

    /// Sweeps like a worker whose leases run out at once.
    private func free(_ queue: TaskQueue<Job>) async throws {
        var options = queue.options
        options.lease = .zero
        let hasty = TaskQueue<Job>(redis: queue.redis, key: queue.key, group: queue.group, options: options)
        _ = try await hasty.calls.sweep(knownGeneration: 0, by: "sweeper")
    }
}
