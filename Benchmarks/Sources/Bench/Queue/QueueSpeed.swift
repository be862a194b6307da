// No-op tasks a second through the queue, with one worker of concurrency 100.
// Run:    swift run -c release --package-path Benchmarks bench queue
// Expect: tasks enqueued and processed a second, and the same with 1,000,000 tasks waiting.

import ArgumentParser
import StreamKit
import Synchronization

/// `queue`: how fast the task queue is, and whether that depends on how much waits.
struct QueueSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Measures the task queue: enqueued and processed per second.")
    @Option(help: "How many tasks.") var tasks = 100_000
    @Option(help: "Tasks that already wait when the measurement begins, for each row.") var waiting = [0]
    @Option(help: "How many tasks the worker runs at once.") var concurrency = 100
    @Option(help: "A Redis to use instead of a private one.") var redis: String?

    func run() async throws {
        if let redis {
            try await withRedis(try RedisConfiguration(url: redis)) { try await measure($0) }
        } else {
            try await withLocalRedis { server in
                try await withRedis(server.configuration) { try await measure($0) }
            }
        }
    }

    private func measure(_ redis: Redis) async throws {
        for waiting in waiting {
            let queue = TaskQueue<Payload>(redis: redis, key: "bench:queue", group: "workers")
            try await queue.remove()
            try await enqueue(waiting, on: queue)
            let enqueued = try await timed { try await enqueue(tasks, on: queue) }
            let processed = try await timed { try await process(tasks, on: queue) }
            print("waiting \(waiting): enqueued \(rate(enqueued)) /s, processed \(rate(processed)) /s")
            try await queue.remove()
        }
    }

    private func enqueue(_ count: Int, on queue: TaskQueue<Payload>) async throws {
        for start in stride(from: 0, to: count, by: 10_000) {
            try await queue.enqueue(contentsOf: (start..<min(start + 10_000, count)).map { Payload(number: $0) })
        }
    }

    /// Works until the wanted number of tasks was completed.
    private func process(_ count: Int, on queue: TaskQueue<Payload>) async throws {
        let done = Atomic(0)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let worker = try queue.worker(as: "bench", concurrency: concurrency) { _ in
            if done.wrappingAdd(1, ordering: .relaxed).newValue == count { continuation.finish() }
        }
        try await withThrowingTaskGroup { group in
            group.addTask { try await worker.run() }
            for await _ in stream {}
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func timed(_ body: () async throws -> Void) async throws -> Duration {
        let start = ContinuousClock.now
        try await body()
        return ContinuousClock.now - start
    }

    private func rate(_ duration: Duration) -> Int { Int(Double(tasks) / (duration / .seconds(1))) }

    private struct Payload: Codable, Sendable {
        var number: Int
    }
}
