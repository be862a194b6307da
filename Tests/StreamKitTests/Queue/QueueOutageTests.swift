import FaultKit
import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

/// What a worker does while Redis does not answer, or its answer is lost.
@Suite("A queue during outages")
struct QueueOutageTests {
    @Test func `lost replies cost no attempt, and no task waits for its lease to run out`() async throws {
        var options = TaskQueueOptions.quick
        // Nobody waits this long here, so no task can have been left lying.
        options.lease = .seconds(600)
        options.maximumAttempts = 1
        let port = try #require(try await TestServer.shared.server().port)
        try await withCuttingProxy(to: port) { proxy in
            try await withScratchQueue(options) { queue in
                let seen = Shared<[Int: Set<Int>]>([:])
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: proxy.port)) { shaky in
                    let cut = TaskQueue<Job>(redis: shaky, key: queue.key, group: queue.group, options: options)
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            try await cut.work(as: "worker", concurrency: 5) { task in
                                seen.withLock { _ = $0[task.payload.number, default: []].insert(task.attempt) }
                            }
                        }
                        try await eventually { try await queue.status().workers == 1 }
                        // Connections break within replies: after the greeting, among entries, before the end.
                        proxy.cutNewConnections(afterReplyBytes: 600...3_000)
                        proxy.cutAll()
                        for start in stride(from: 0, to: 300, by: 10) {
                            try await queue.enqueue(contentsOf: (start..<start + 10).map { Job(number: $0) })
                            try await Task.sleep(for: .milliseconds(5))
                        }
                        proxy.cutNewConnections(afterReplyBytes: nil)
                        proxy.cutAll()
                        try await eventually { try await queue.status().isEmpty }
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }

                #expect(seen.withLock { $0.count } == 300)
                #expect(seen.withLock { $0.values.allSatisfy { $0 == [1] } })
                #expect(try await queue.status().dead == 0)
            }
        }
    }

    @Test func `a worker that has stopped gets no task, though its last read reaches the server later`() async throws {
        let port = try #require(try await TestServer.shared.server().port)
        try await withCuttingProxy(to: port) { proxy in
            try await withScratchQueue { queue in
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: proxy.port)) { slow in
                    let stopped = TaskQueue<Job>(redis: slow, key: queue.key, group: queue.group, options: .quick)
                    proxy.stall(requestsWith: "\r\nBLOCK\r\n")
                    try await working(on: stopped) { _ in
                    } until: {
                        proxy.isHoldingBack
                    }
                    proxy.resume()
                    try await eventually { !proxy.isHoldingBack }
                    let attempts = Shared<[Int]>([])
                    try await queue.enqueue(Job(number: 1))

                    try await working(on: queue) { task in
                        attempts.withLock { $0.append(task.attempt) }
                    } until: {
                        try await queue.status().isEmpty
                    }

                    #expect(attempts.withLock { $0 } == [1])
                }
            }
        }
    }

    @Test func `an attempt that was given up during an outage does not lend its number to the next`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .milliseconds(500)
        options.maximumAttempts = 1
        // Between the first sweep and the next, only the reader's recovery can free the task.
        options.sweepInterval = .seconds(5)
        let port = try #require(try await TestServer.shared.server().port)
        try await withCuttingProxy(to: port) { proxy in
            try await withScratchQueue(options) { queue in
                let (attempts, wasCancelled) = (Shared<[Int]>([]), Shared(false))
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: proxy.port)) { shaky in
                    let cut = TaskQueue<Job>(redis: shaky, key: queue.key, group: queue.group, options: options)
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            try await cut.work(as: "worker", concurrency: 2) { task in
                                attempts.withLock { $0.append(task.attempt) }
                                guard task.attempt == 1 else { return }
                                try? await Task.sleep(for: .seconds(600))
                                wasCancelled.withLock { $0 = true }
                            }
                        }
                        try await queue.enqueue(Job(number: 1))
                        try await eventually { attempts.withLock { !$0.isEmpty } }
                        proxy.stall()
                        try await eventually { wasCancelled.withLock { $0 } }
                        proxy.cutAll()
                        proxy.resume()
                        try await eventually { try await queue.status().isEmpty }
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }

                let numbers = attempts.withLock { $0 }
                #expect(numbers == Array(1...max(numbers.count, 2)))
                #expect(try await queue.status().dead == 0)
            }
        }
    }

    @Test func `a handler whose lease ran out is cancelled even while Redis hangs`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .milliseconds(500)
        try await expectCancelledHandler(options)
    }

    @Test func `an attempt that takes too long is cancelled even while Redis hangs during a long lease`() async throws {
        var options = TaskQueueOptions.quick
        options.lease = .seconds(600)
        options.attemptTimeout = .milliseconds(300)
        try await expectCancelledHandler(options)
    }

    /// Expects that a handler is cancelled while no byte goes to Redis or comes from it.
    private func expectCancelledHandler(_ options: TaskQueueOptions) async throws {
        let port = try #require(try await TestServer.shared.server().port)
        try await withCuttingProxy(to: port) { proxy in
            try await withScratchQueue(options) { queue in
                let (hasBegun, wasCancelled) = (Shared(false), Shared(false))
                try await queue.enqueue(Job(number: 1))
                var configuration = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                configuration.timeouts.command = .seconds(600)
                try await withRedis(configuration) { slow in
                    let stalled = TaskQueue<Job>(redis: slow, key: queue.key, group: queue.group, options: options)
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            try await stalled.work(as: "worker") { _ in
                                hasBegun.withLock { $0 = true }
                                do {
                                    try await Task.sleep(for: .seconds(600))
                                } catch {
                                    wasCancelled.withLock { $0 = true }
                                }
                            }
                        }
                        try await eventually { hasBegun.withLock { $0 } }
                        proxy.stall()
                        try await eventually { wasCancelled.withLock { $0 } }
                        proxy.resume()
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }
                #expect(wasCancelled.withLock { $0 })
            }
        }
    }

    @Test func `a worker ends with its client, even while a handler that timed out is to be failed`() async throws {
        var options = TaskQueueOptions.quick
        options.attemptTimeout = .milliseconds(100)
        try await withScratchQueue(options) { queue in
            let gate = AsyncStream.makeStream(of: Void.self)
            let hasBegun = Shared(false)
            try await queue.enqueue(Job(number: 1))
            let client = Redis(try await TestServer.shared.configuration())
            let doomed = TaskQueue<Job>(redis: client, key: queue.key, group: queue.group, options: options)

            let worker = Task {
                try await doomed.work(as: "worker") { _ in
                    hasBegun.withLock { $0 = true }
                    client.close()
                    // Unstructured: cancelling the handler does not reach this.
                    await Task { for await _ in gate.stream { break } }.value
                }
            }
            try await eventually { hasBegun.withLock { $0 } }
            gate.continuation.finish()

            await #expect(throws: StreamKitError.closed) { try await worker.value }
        }
    }
}
