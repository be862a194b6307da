// No-op tasks a second through the queue, with one worker of concurrency 100.
// Run:    swift run -c release --package-path Benchmarks bench queue
// Expect: tasks enqueued and processed a second, and the same with 1,000,000 tasks waiting.

import ArgumentParser
import Limits
import StreamKit
import Synchronization

/// `queue`: how fast the task queue is, and whether that depends on how much waits.
struct QueueSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Measures the task queue: enqueued and processed per second.")
    @Option(help: "How many tasks.") var tasks = 100_000
    @Option(help: "Tasks that already wait when the measurement begins, for each row.") var waiting = [0]
    @Option(help: "How many tasks the worker runs at once.") var concurrency = 100
    @Option(help: "A Python that has taskiq-redis, dramatiq, arq or streaq, to compare with.") var rivals: String?
    @Option(help: "How many tasks the rivals get.") var rivalTasks = 5_000
    @Option(help: "How often each measurement is repeated, in turns with the others.") var rounds = 3

    func validate() throws {
        guard rounds > 0, tasks > 0, concurrency > 0 else { throw ValidationError("counts must be 1 or more") }
    }

    func run() async throws {
        try await withLocalRedis(options: .init(tcp: true)) { server in
            let transport = Transport.all(of: server)[0]
            let rivals = try await Rival.all(python: rivals, tasks: rivalTasks, port: transport.port)
            for rival in rivals {
                print("\(rival.name): enqueued \(Int(rival.enqueued)) /s, processed \(Int(rival.processed)) /s")
            }
            try await withRedis(transport.configuration) { try await measure($0, transport, rivals) }
        }
    }

    private func measure(_ redis: Redis, _ transport: Transport, _ rivals: [Rival]) async throws {
        let queue = TaskQueue<Payload>(redis: redis, key: "bench:queue", group: "workers")
        for waiting in waiting {
            var enqueued: [Double] = []
            var processed: [Double] = []
            var appended: [Double] = []
            var consumed: [Double] = []
            for _ in 0..<rounds {
                let limit = try await plain(redis, transport)
                appended.append(limit.appended)
                consumed.append(limit.consumed)
                try await queue.remove()
                try await enqueue(waiting, on: queue)
                try await enqueued.append(Double(tasks) / seconds { try await enqueue(tasks, on: queue) })
                try await processed.append(Double(tasks) / seconds { try await process(tasks, on: queue) })
            }
            try await queue.remove()
            let suffix = waiting > 0 ? " with \(waiting) waiting" : ""
            print(
                Report.table(
                    of: [
                        Row(
                            name: "queue, enqueue in bulk\(suffix)", value: median(enqueued), unit: "tasks/s",
                            against: "C hiredis, XADD", limit: median(appended), bar: .atLeast(0.5)),
                        Row(
                            name: "queue, process\(suffix)", value: median(processed), unit: "tasks/s",
                            against: "C hiredis, XREADGROUP + XACK", limit: median(consumed), bar: .atLeast(0.5)),
                        Row(
                            name: "queue, both\(suffix)", value: both(median(enqueued), median(processed)),
                            unit: "tasks/s", against: "C hiredis, all three",
                            limit: both(median(appended), median(consumed)),
                            bar: .atLeast(0.5)),
                    ] + against(rivals, median(enqueued), median(processed), suffix)))
        }
    }

    private func against(_ rivals: [Rival], _ enqueued: Double, _ processed: Double, _ suffix: String) -> [Row] {
        guard let enqueuing = rivals.max(by: { $0.enqueued < $1.enqueued }),
            let processing = rivals.max(by: { $0.processed < $1.processed })
        else { return [] }
        return [
            Row(
                name: "queue, enqueue in bulk\(suffix)", value: enqueued, unit: "tasks/s", against: enqueuing.name,
                limit: enqueuing.enqueued, bar: .atLeast(8)),
            Row(
                name: "queue, process\(suffix)", value: processed, unit: "tasks/s", against: processing.name,
                limit: processing.processed, bar: .atLeast(8)),
        ]
    }

    /// The rate of doing one after the other.
    private func both(_ one: Double, _ other: Double) -> Double { 1 / (1 / one + 1 / other) }

    /// What C reaches with the bare commands, which neither delete, nor check who holds what, nor decode.
    private func plain(_ redis: Redis, _ transport: Transport) async throws -> (appended: Double, consumed: Double) {
        let key = "bench:plain"
        let count = tasks
        let hiredis = try HiredisConnection(transport)
        _ = try await redis.send("DEL", key)
        let appending = try await hiredis.seconds { limit_append_in_batches($0, key, Int32(count), 256) }
        _ = try await redis.send("XGROUP", "CREATE", key, "plain", "0")
        let length = try await redis.send("XLEN", key).integer ?? 0
        let consuming = try await hiredis.seconds {
            var entries: Int32 = 0
            return limit_consume($0, key, "plain", &entries)
        }
        _ = try await redis.send("DEL", key)
        return (Double(count) / appending, Double(length) / consuming)
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

    private struct Payload: Codable, Sendable {
        var number: Int
    }
}
