import Foundation
import Logging
import ServiceLifecycle
import StreamKit
import TestSupport
import Testing

@Suite("Task queue faults")
struct TaskQueueFaultTests {
    @Test func `a task of ten leases runs once, though another worker waits`() async throws {
        var lease = Duration.seconds(1)
        var (runs, longestPause) = try await runsOfTenLeases(lease)
        // If the whole process or Redis pauses for most of a lease, losing the lease is right.
        while runs > 1, longestPause > lease / 2, lease < .seconds(4) {
            lease *= 2
            (runs, longestPause) = try await runsOfTenLeases(lease)
        }
        #expect(runs == 1)
    }

    /// How often a task of ten leases ran, and how long this process and Redis paused at most meanwhile.
    private func runsOfTenLeases(_ lease: Duration) async throws -> (runs: Int, longestPause: Duration) {
        var options = TaskQueueOptions.quick
        options.lease = lease
        let (runs, pause) = (Shared(0), Shared(Duration.zero))
        try await withScratchQueue(options) { queue in
            try await queue.enqueue(Job(number: 1))
            try await withThrowingTaskGroup { group in
                for name in ["one", "other"] {
                    group.addTask {
                        try await queue.work(as: name) { _ in
                            runs.withLock { $0 += 1 }
                            try await Task.sleep(for: lease * 10)
                        }
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        let start = ContinuousClock.now
                        try await Task.sleep(for: .milliseconds(10))
                        try await queue.redis.send("PING")
                        pause.withLock { $0 = max($0, start.duration(to: .now)) }
                    }
                }
                try await eventually { try await queue.status().isEmpty }
                group.cancelAll()
            }
            #expect(try await queue.status().completedLastMinute == 1)
        }
        return (runs.withLock { $0 }, pause.withLock { $0 })
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

    @Test func `a group deleted under the workers is created again, and fencing tokens go on growing`() async throws {
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
                    guard count < 3 else { break }
                    // A hand-back may have moved the task to the stream of those that go first.
                    for key in [queue.key, "{\(queue.key)}:resumed"] {
                        _ = try await queue.redis.stream(key).group(queue.group).remove()
                    }
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
            // As a worker does that is alive; it dies at once.
            try await queue.redis.send("ZADD", "{\(queue.key)}:workers", "1", "dead")
            let seen = Shared<[StreamID]>([])

            try await working(on: queue) { task in
                seen.withLock { $0.append(task.id) }
            } until: {
                let names = try await group.consumers().map(\.name)
                return try await queue.status().isEmpty && !names.contains("dead")
            }

            // If the machine pauses for a lease of 200 ms, the task may run twice.
            #expect(seen.withLock { Set($0) } == [id])
        }
    }

    @Test func `two workers of one name share the work, and no task runs twice`() async throws {
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
                guard try await queue.status().dead == 1 else { return false }
                // The worker returns only after its handlers.
                gate.continuation.finish()
                return true
            }

            let letter = try #require(try await queue.deadLetters().first)
            #expect(letter.reason == .failed)
            #expect(letter.lastError.contains("no end after"))
        }
    }
}
