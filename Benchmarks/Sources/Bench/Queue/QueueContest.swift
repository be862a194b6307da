import Limits
import StreamKit
import Synchronization

/// The task queue against the bare commands from C, and against other libraries.
struct QueueContest {
    let transport: Transport
    var tasks = 100_000
    /// Tasks that already wait when the measurement begins.
    var waiting = 0
    var concurrency = 100
    var rivals: [Rival] = []

    static let processing = "queue, process"

    func rows(rounds: Int) async throws -> [Row] {
        try await withRedis(transport.configuration) { redis in
            let queue = TaskQueue<Payload>(redis: redis, key: "bench:queue", group: "workers")
            var enqueued: [Double] = []
            var processed: [Double] = []
            var appended: [Double] = []
            var consumed: [Double] = []
            for round in 1...rounds {
                Report.progress("round \(round) of \(rounds): task queue")
                let limit = try await plain(redis)
                appended.append(limit.appended)
                consumed.append(limit.consumed)
                try await queue.remove()
                try await enqueue(waiting, on: queue)
                try await enqueued.append(Double(tasks) / seconds { try await enqueue(tasks, on: queue) })
                try await processed.append(Double(tasks) / seconds { try await process(tasks, on: queue) })
            }
            Report.progress(nil)
            try await queue.remove()
            return against(plain: median(appended), median(consumed), median(enqueued), median(processed))
                + against(median(enqueued), median(processed))
        }
    }

    private var suffix: String { waiting > 0 ? " with \(waiting) waiting" : "" }

    private func against(
        plain appended: Double, _ consumed: Double, _ enqueued: Double, _ processed: Double
    ) -> [Row] {
        [
            Row(
                name: "queue, enqueue in bulk\(suffix)", value: enqueued, unit: "tasks/s",
                against: "C hiredis, XADD", limit: appended, bar: .atLeast(0.5)),
            Row(
                name: "\(Self.processing)\(suffix)", value: processed, unit: "tasks/s",
                against: "C hiredis, XREADGROUP + XACK", limit: consumed, bar: .atLeast(0.25)),
            Row(
                name: "queue, both\(suffix)", value: both(enqueued, processed), unit: "tasks/s",
                against: "C hiredis, all three", limit: both(appended, consumed), bar: .atLeast(0.3)),
        ]
    }

    private func against(_ enqueued: Double, _ processed: Double) -> [Row] {
        guard let enqueuing = rivals.max(by: { $0.enqueued < $1.enqueued }),
            let processing = rivals.max(by: { $0.processed < $1.processed })
        else { return [] }
        return [
            Row(
                name: "queue, enqueue in bulk\(suffix)", value: enqueued, unit: "tasks/s", against: enqueuing.name,
                limit: enqueuing.enqueued, bar: .atLeast(8)),
            Row(
                name: "\(Self.processing)\(suffix)", value: processed, unit: "tasks/s", against: processing.name,
                limit: processing.processed, bar: .atLeast(20)),
        ]
    }

    /// The rate of doing one thing after the other.
    private func both(_ one: Double, _ other: Double) -> Double { 1 / (1 / one + 1 / other) }

    /// What C reaches with the bare commands on the same payloads.
    ///
    /// They neither delete, nor check who holds what, nor decode, and come in batches of 256.
    private func plain(_ redis: Redis) async throws -> (appended: Double, consumed: Double) {
        let key = "bench:plain"
        let count = tasks
        let hiredis = try HiredisConnection(transport)
        _ = try await redis.send("DEL", key)
        let appending = try await hiredis.seconds { limit_enqueue_in_batches($0, key, Int32(count), 256) }
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
