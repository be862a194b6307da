import TestSupport
import Testing

@testable import StreamKit

@Suite("Entries of more arguments than a script can send")
struct LargeEntryTests {
    private static let fields = (0..<6_000).flatMap { ["field-\($0)", "value"] }

    private static func append(to key: String) -> [String] { ["XADD", key, "*"] + fields }

    @Test func `a worker that holds its task appends such an entry, and completes it with another`() async throws {
        try await withScratchQueue { queue in
            let stream = queue.redis.stream(queue.key + ":log")
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { task in
                _ = try await task.sendIfHeld(Self.append(to: stream.key), key: stream.key)
                try await task.complete(sending: Self.append(to: stream.key), key: stream.key)
            } until: {
                try await queue.status().isEmpty
            }

            #expect(try await stream.entries().map(\.fields.count) == [6_000, 6_000])
            #expect(try await queue.status().dead == 0)
            _ = try await queue.redis.send("DEL", stream.key)
        }
    }

    @Test func `a worker that lost its task changes nothing, whether the stream exists or not`() async throws {
        try await withScratchQueue { queue in
            let stream = queue.redis.stream(queue.key + ":log")
            let lease = try await lostLease(of: queue)
            let words = Self.append(to: stream.key)

            await #expect(throws: TaskLeaseLost.self) {
                _ = try await queue.calls.send(words, key: stream.key, ifHeld: lease)
            }
            #expect(try await queue.redis.send("EXISTS", stream.key).integer == 0)
            let id = try await stream.append(["text": "before"])
            await #expect(throws: TaskLeaseLost.self) {
                _ = try await queue.calls.send(words, key: stream.key, ifHeld: lease, completing: true)
            }

            #expect(try await stream.lastID() == id)
            #expect(try await stream.entries().map(\.id) == [id])
            _ = try await queue.redis.send("DEL", stream.key)
        }
    }

    @Test func `a command that fails completes nothing`() async throws {
        try await withScratchQueue { queue in
            let key = queue.key + ":text"
            try await queue.redis.send("SET", key, "a string")
            try await queue.enqueue(Job(number: 1))
            let prefix = Shared<String?>(nil)

            try await working(on: queue) { task in
                if task.attempt > 1 { return }
                do {
                    try await task.complete(sending: Self.append(to: key), key: key)
                } catch let error as StreamKitError {
                    prefix.withLock { $0 = error.serverPrefix }
                    throw error
                }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(prefix.withLock { $0 } == "WRONGTYPE")
            #expect(try await queue.redis.send("GET", key).text == "a string")
            _ = try await queue.redis.send("DEL", key)
        }
    }

    @Test func `another command of that length is carried out, too`() async throws {
        try await withScratchQueue { queue in
            let key = queue.key + ":set"
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { task in
                _ = try await task.sendIfHeld(["SADD", key] + Self.fields, key: key)
            } until: {
                try await queue.status().isEmpty
            }

            #expect(try await queue.redis.send("SCARD", key).integer == 6_001)
            _ = try await queue.redis.send("DEL", key)
        }
    }

    @Test func `nine thousand tasks with names and a priority are enqueued in one call`() async throws {
        try await withScratchQueue { queue in
            let jobs = (0..<9_000).map { Job(number: $0) }
            let ids = try await queue.enqueue(contentsOf: jobs, priority: .high) { "key-\($0.number)" }
            #expect(Set(ids).count == 9_000)
            #expect(try await queue.status().waiting == 9_000)
        }
    }

    /// A lease that the next sweep has taken away, without its holder knowing.
    private func lostLease(of queue: TaskQueue<Job>) async throws -> Lease {
        try await queue.enqueue(Job(number: 1))
        let generation = try await queue.calls.prepare(knownGeneration: 0)
        let consumer = queue.redis.stream(queue.key).group(queue.group).consumer("slow")
        let entry = try #require(try await consumer.read(limit: 1).first)
        try await queue.calls.handBackAll(by: "slow")
        let task = DeliveredTask(entry, stream: .normal)
        return Lease(task, generation: generation, consumer: "slow")
    }
}
