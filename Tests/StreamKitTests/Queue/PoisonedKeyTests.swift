import Logging
import TestSupport
import Testing

@testable import StreamKit

/// Keys that others wrote: they must not end a worker, nor keep it from its tasks.
@Suite("Poisoned keys of a queue")
struct PoisonedKeyTests {
    @Test func `companion keys that hold something else are replaced, and every task is done`() async throws {
        try await withScratchQueue { queue in
            let attempts = Shared<[Int: Int]>([:])
            for key in queue.keys.all where key != queue.key { try await queue.redis.send("SET", key, "poison") }
            try await queue.enqueue(Job(number: 1))
            try await queue.enqueue(Job(number: 2), priority: .high, after: .milliseconds(10))

            let worker = try queue.worker(
                as: "worker",
                recording: { task -> Int in
                    let attempt = attempts.withLock { attempts in
                        attempts[task.payload.number, default: 0] += 1
                        return attempts[task.payload.number] ?? 0
                    }
                    // Between two attempts the keys that hold no task are poisoned again.
                    if attempt == 1 {
                        let keys = queue.keys
                        let ofTasks = [
                            keys.normal, keys[.high], keys[.resumed], keys[.delayed], keys[.delayedTasks],
                        ]
                        for key in keys.all where !ofTasks.contains(key) {
                            try await queue.redis.send("SET", key, "poison")
                        }
                        throw Failure(description: "once")
                    }
                    return attempt
                })
            try await withThrowingTaskGroup { group in
                group.addTask { try await worker.run() }
                try await eventually {
                    try await queue.status().isEmpty && attempts.withLock { $0 == [1: 2, 2: 2] }
                }
                group.cancelAll()
                try await group.waitForAll()
            }

            #expect(attempts.withLock { $0 } == [1: 2, 2: 2])
            #expect(try await queue.status().dead == 0)
        }
    }

    @Test func `streams in which the highest ID is used up lose no task, whether it is enqueued, freed or delayed`()
        async throws
    {
        try await withScratchQueue { queue in
            let done = Shared<Set<Int>>([])
            try await queue.enqueue(Job(number: 1), after: .milliseconds(10))
            try await queue.enqueue(Job(number: 2))
            _ = try await queue.calls.prepare(knownGeneration: 0)
            _ = try await queue.redis.stream(queue.key).group(queue.group).consumer("dead").read(limit: 1)
            let keys = queue.keys
            for key in [keys.normal, keys[.resumed], keys[.high], keys[.dead]] {
                try await queue.redis.send("XADD", key, "\(StreamID.maximum)", "payload", #"{"number":0}"#)
            }
            try await queue.enqueue(Job(number: 3), idempotencyKey: scratchKey())
            try await queue.enqueue(Job(number: 4), priority: .high)
            try await queue.enqueue(Job(number: -1), idempotencyKey: scratchKey())
            try await queue.enqueue(Job(number: 5))
            try await queue.enqueue(contentsOf: [Job(number: 6), Job(number: 7)])

            try await working(on: queue) { task in
                if task.payload.number < 0 { throw PermanentTaskFailure("negative") }
                done.withLock { _ = $0.insert(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [0, 1, 2, 3, 4, 5, 6, 7])
            #expect(try await queue.deadLetters().map(\.reason) == [.permanent])
        }
    }

    @Test func `a key of the caller's that holds something else is left alone, and so are delayed tasks`()
        async throws
    {
        try await withScratchQueue { queue in
            let task = try await queue.enqueue(Job(number: 1), after: .seconds(600))
            _ = try await queue.calls.prepare(knownGeneration: 0)
            try await queue.redis.send("ZADD", queue.keys[.delayed], "0", "\(task)")
            try await queue.redis.send("SET", queue.key, "precious")

            await #expect(throws: StreamKitError.self) {
                _ = try await queue.calls.sweep(knownGeneration: 1, by: "worker")
            }

            #expect(try await queue.redis.send("GET", queue.key).text == "precious")
            #expect(try await queue.redis.send("ZCARD", queue.keys[.delayed]).integer == 1)
            try await queue.redis.send("DEL", queue.key)
        }
    }

    @Test(arguments: ["9223372036854775807", "2097151", "-1", "0", "x", "", "1e400"])
    func `an unreadable generation does not stall the queue, and tokens go on growing`(text: String) async throws {
        try await withScratchQueue { queue in
            let tokens = Shared<[Int]>([])
            try await queue.enqueue(Job(number: 1))
            try await working(on: queue) { task in
                let count = tokens.withLock { tokens in
                    tokens.append(task.fencingToken)
                    return tokens.count
                }
                if count == 1 { try await queue.redis.send("HSET", queue.keys[.meta], "generation", text) }
                if count == 2 { try await queue.redis.send("SET", queue.keys[.meta], "poison") }
                if count <= 2 { throw Failure(description: "again") }
            } until: {
                try await queue.status().isEmpty && tokens.withLock { $0.count } >= 3
            }

            let seen = tokens.withLock { $0 }
            #expect(seen == seen.sorted() && seen.count >= 3)
            #expect((seen.last ?? 0) < 1 << 53)
        }
    }

    @Test(arguments: [
        ["RPUSH", "KEY", "x"], ["SADD", "KEY", "x"], ["ZADD", "KEY", "1", "x"], ["HSET", "KEY", "x", "y"],
        ["XADD", "KEY", "*", "x", "y"],
    ])
    func `companion keys of any type keep no worker and no status from the tasks`(poison: [String]) async throws {
        var options = TaskQueueOptions.quick
        let log = Shared<[String]>([])
        options.logger = .init(label: "test", factory: { _ in LineLog { line in log.withLock { $0.append(line) } } })
        try await withScratchQueue(options) { queue in
            let done = Shared<Set<Int>>([])
            for key in queue.keys.all where key != queue.key {
                try await queue.redis.send(poison.map { $0 == "KEY" ? key : $0 })
            }
            _ = try await queue.status()
            try await queue.enqueue(Job(number: 1), priority: .low)
            try await queue.enqueue(Job(number: 2), after: .milliseconds(10))

            try await working(on: queue) { task in
                if task.attempt == 1 { throw Failure(description: "once") }
                done.withLock { _ = $0.insert(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [1, 2])
            let line = "removed key '\(queue.keys[.workers])'"
            #expect(log.withLock { $0.contains { $0.contains(line) } } == (poison[0] != "ZADD"))
        }
    }

    @Test func `bookkeeping of any content keeps no task from being done`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<Set<Int>>([])
            for text in ["x", "-1", "1.5", "1" + String(repeating: "0", count: 400), "9223372036854775807"] {
                try await queue.redis.send("HSET", queue.keys[.meta], "ids", text, "generation", text, text, text)
                let high = try await queue.enqueue(Job(number: 1), priority: .high)
                let low = try await queue.enqueue(Job(number: 2), priority: .low)
                try await queue.redis.send("HSET", queue.keys[.relocated], "\(low)", text, text, text)
                for companion in [QueueKeys.Companion.rate, .started, .progress] {
                    try await queue.redis.send("HSET", queue.keys[companion], text, text, "high \(high)", text)
                }
                try await queue.redis.send("ZADD", queue.keys[.workers], "inf", text, "-inf", "dead")

                try await working(on: queue) { task in
                    if task.attempt == 1 { throw Failure(description: "once") }
                    done.withLock { _ = $0.insert(task.payload.number) }
                } until: {
                    try await queue.status().isEmpty
                }
            }
            #expect(done.withLock { $0 } == [1, 2])
        }
    }
}
