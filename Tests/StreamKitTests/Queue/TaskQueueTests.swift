import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("Task queue")
struct TaskQueueTests {
    @Test func `every task runs once and leaves no entry, and nothing noted of it`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            try await queue.enqueue(contentsOf: (1...100).map { Job(number: $0) })

            try await working(on: queue, concurrency: 8) { task in
                done.withLock { $0.append(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0.sorted() } == Array(1...100))
            #expect(try await queue.status().dead == 0)
            // Streams stay for their group; the rate expires, and the worker took its own name out.
            for key in TaskQueue<Job>.allKeys(of: queue.key) {
                switch try await queue.redis.send("TYPE", key).text {
                case "stream":
                    let length = try await queue.redis.stream(key).length()
                    #expect(length == 0, "\(key) has entries")
                case "none": break
                default: #expect(["meta", "rate"].contains { key.hasSuffix(":" + $0) }, "\(key) is left")
                }
            }
        }
    }

    @Test func `a failing task is tried again up to the limit, then becomes a dead letter`() async throws {
        try await withScratchQueue { queue in
            let attempts = Shared<[Int]>([])
            let id = try await queue.enqueue(Job(number: 7))

            try await working(on: queue) { task in
                attempts.withLock { $0.append(task.attempt) }
                throw Failure(description: "failure \(task.attempt)")
            } until: {
                try await queue.status().dead == 1
            }

            let letter = try #require(try await queue.deadLetters().first)
            #expect(attempts.withLock { $0 } == [1, 2, 3])
            #expect(letter.task == id)
            #expect(letter.reason == .failed)
            #expect(letter.attempts == 3)
            #expect(letter.firstError == "failure 1")
            #expect(letter.lastError == "failure 3")
            #expect(letter.payload == #"{"number":7}"#)
            #expect(try await queue.status().isEmpty)
        }
    }

    @Test func `a dead letter that is put back keeps its ID and counts its attempts on`() async throws {
        try await withScratchQueue { queue in
            let id = try await queue.enqueue(Job(number: 1))
            try await working(on: queue) { _ in
                throw PermanentTaskFailure("never")
            } until: {
                try await queue.status().dead == 1
            }
            let seen = Shared<[(StreamID, Int)]>([])

            #expect(try await queue.requeueAll() == 1)
            try await working(on: queue) { task in
                seen.withLock { $0.append((task.id, task.attempt)) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(seen.withLock { $0.map(\.0) } == [id])
            #expect(seen.withLock { $0.map(\.1) } == [2])
            #expect(try await queue.deadLetters().isEmpty)
        }
    }

    @Test func `a payload that does not decode is given up at once, and the others go on`() async throws {
        try await withScratchQueue { queue in
            let done = Shared(0)
            _ = try await queue.redis.stream(queue.key).append(["payload": "not JSON"])
            try await queue.enqueue(Job(number: 1))

            try await working(on: queue) { _ in
                done.withLock { $0 += 1 }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == 1)
            #expect(try await queue.deadLetters().map(\.reason) == [.undecodable])
        }
    }

    @Test func `a delayed task runs under the ID that enqueue returned, and not before its time`() async throws {
        try await withScratchQueue { queue in
            // Both times are by the server's clock, which the ID's first half shows, too.
            let seen = Shared<[(StreamID, milliseconds: Int)]>([])
            let id = try await queue.enqueue(Job(number: 1), after: .milliseconds(400))
            #expect(try await queue.status().delayed == 1)

            try await working(on: queue) { task in
                let time = try await queue.redis.send("TIME").elements?.compactMap(\.text).compactMap { Int($0) } ?? []
                seen.withLock { $0.append((task.id, milliseconds: time[0] * 1_000 + time[1] / 1_000)) }
            } until: {
                try await queue.status().isEmpty
            }

            let run = try #require(seen.withLock { $0.first })
            #expect(run.0 == id)
            #expect(run.milliseconds >= Int(id.milliseconds) + 400)
        }
    }

    @Test func `a payload over the limit is refused with its size`() async throws {
        var options = TaskQueueOptions.quick
        options.maximumPayloadBytes = 5
        try await withScratchQueue(options) { queue in
            await #expect(throws: StreamKitError.self) { try await queue.enqueue(Job(number: 123_456)) }
            let status = try await queue.status()
            #expect(status.isEmpty)
        }
    }

    @Test func `a key that holds something else ends the worker with WRONGTYPE`() async throws {
        try await withScratchQueue { queue in
            _ = try await queue.redis.send("LPUSH", queue.key, "x")
            let error = await #expect(throws: StreamKitError.self) { try await queue.work(as: "worker") { _ in } }
            #expect(error?.serverPrefix == "WRONGTYPE")
        }
    }

    @Test func `a worker that is cancelled before it begins ends as quietly as later`() async throws {
        try await withScratchQueue { queue in
            let worker = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await queue.work(as: "worker") { _ in }
            }
            try await worker.value
        }
    }
}
