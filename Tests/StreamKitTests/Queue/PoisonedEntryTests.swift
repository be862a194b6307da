import FaultKit
import Foundation
import TestSupport
import Testing

@testable import StreamKit

/// Data that others wrote: it must not end a worker, nor keep it from the other tasks.
@Suite("Poisoned entries of a queue")
struct PoisonedEntryTests {
    /// Fields of entries that no attempt can be made with.
    static let poisonedFields: [[(String, String)]] = [
        [("task", "1-1"), ("attempts", "9223372036854775807"), ("waived", "9223372036854775807")],
        [("task", "1-1"), ("attempts", "-9223372036854775808")],
        [("task", "1-1"), ("attempts", "1"), ("waived", "2")],
        [("task", "1-1"), ("attempts", "1e3")],
        [("task", "1-1"), ("attempts", "1.5")],
        [("task", "1-1"), ("attempts", "1" + String(repeating: "0", count: 400))],
        [("task", "1-1"), ("attempts", "-1"), ("attempts", "1")],
        [("task", "1-1"), ("deaths", "99999999999")],
        [("task", "1-1"), ("deaths", " 1")],
        [("task", "nonsense")],
        [("task", "18446744073709551616-0")],
        [("task", ""), ("attempts", "")],
    ]

    @Test(arguments: poisonedFields)
    func `an entry with unreadable fields is buried, and the others are done`(fields: [(String, String)]) async throws {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            try await queue.redis.stream(queue.key).append(EntryFields([("payload", #"{"number":1}"#)] + fields))
            try await queue.enqueue(Job(number: 2))

            try await working(on: queue) { task in
                done.withLock { $0.append(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [2])
            #expect(try await queue.deadLetters().map(\.reason) == [.undecodable])
        }
    }

    @Test(arguments: poisonedFields)
    func `an entry with unreadable fields is buried even if its worker died`(fields: [(String, String)]) async throws {
        var options = TaskQueueOptions.quick
        options.lease = .milliseconds(200)
        try await withScratchQueue(options) { queue in
            let stream = queue.redis.stream(queue.key)
            try await stream.append(EntryFields([("payload", #"{"number":1}"#)] + fields))
            _ = try await queue.calls.prepare(knownGeneration: 0)
            _ = try await stream.group(queue.group).consumer("dead").read(limit: 1)
            try await queue.enqueue(Job(number: 2))

            try await working(on: queue) { task in
                #expect(task.payload.number == 2)
            } until: {
                try await queue.status().isEmpty
            }

            #expect(try await queue.deadLetters().map(\.reason) == [.undecodable])
        }
    }

    @Test func `entries without a payload, or of bytes that are not text, are buried, and the others are done`()
        async throws
    {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            for fields in [
                #"'other', 'x'"#, #"'payload', '\255\254'"#, #"'payload', '{"number":1}', 'task', '\255'"#,
                #"'\255', '\254'"#, #"'payload', '', 'payload', '{"number":1}'"#,
            ] {
                let script = "return redis.call('XADD', KEYS[1], '*', \(fields))"
                try await queue.redis.send("EVAL", script, "1", queue.key)
            }
            try await queue.enqueue(Job(number: 2))

            try await working(on: queue) { task in
                done.withLock { $0.append(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [2])
            #expect(try await queue.deadLetters().map(\.reason) == Array(repeating: .undecodable, count: 5))
        }
    }

    @Test func `tasks that are due in thousands of years wait, and keep no other one waiting`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            try await queue.enqueue(Job(number: 1), due: .distantFuture)
            try await queue.enqueue(Job(number: 2), after: .seconds(Int64.max))
            try await queue.redis.send("ZADD", queue.keys[.delayed], "1e300", "1-1")
            try await queue.enqueue(Job(number: 3), after: .milliseconds(10))

            try await working(on: queue) { task in
                done.withLock { $0.append(task.payload.number) }
            } until: {
                try await queue.status().delayed == 3 && done.withLock { $0 } == [3]
            }

            #expect(try await queue.status().dead == 0)
        }
    }

    @Test func `a task with the largest ID and counts is shown and done`() async throws {
        try await withScratchQueue { queue in
            let seen = Shared<[(attempt: Int, token: Int)]>([])
            // Its entry's ID is low, and the sequence is more than a number of Lua can count exactly.
            _ = try await queue.redis.send(
                "XADD", queue.key, "1-18446744073709551615", "payload", #"{"number":1}"#, "task",
                "18446744073709551615-18446744073709551615", "attempts", "999999999", "waived", "999999999")

            try await working(on: queue) { task in
                seen.withLock { $0.append((task.attempt, task.fencingToken)) }
                let running = try await queue.status().runningTasks
                #expect(running.map(\.age) == [.zero])
            } until: {
                try await queue.status().isEmpty
            }

            #expect(seen.withLock { $0.map(\.attempt) } == [1_000_000_000])
            #expect(seen.withLock { $0.map(\.token) } == [1_000_000_000])
            #expect(try await queue.redis.stream(queue.key).length() == 0)
        }
    }

    @Test func `delayed tasks that cannot be read are buried, and the others run`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<[Int]>([])
            for (task, packed) in [("1-1", "\u{C1}garbage"), ("2-2", ""), ("3-3", "\u{05}"), ("no-id", "x")] {
                try await queue.redis.send("ZADD", queue.keys[.delayed], "1", task)
                try await queue.redis.send("HSET", queue.keys[.delayedTasks], task, packed)
            }
            try await queue.redis.send("ZADD", queue.keys[.delayed], "-inf", "nowhere")
            try await queue.redis.send("ZADD", queue.keys[.delayed], "inf", "never")
            try await queue.enqueue(Job(number: 1), after: .milliseconds(10))

            try await working(on: queue) { task in
                done.withLock { $0.append(task.payload.number) }
            } until: {
                // The task that is never due stays.
                try await queue.status().delayed == 1 && done.withLock { $0 } == [1]
            }

            #expect(try await queue.deadLetters().map(\.reason) == Array(repeating: .undecodable, count: 5))
        }
    }

    @Test func `dead letters of any content are listed and can be put back`() async throws {
        try await withScratchQueue { queue in
            let done = Shared<Set<Int>>([])
            let fields: [[(String, String)]] = [
                [("attempts", "9223372036854775807"), ("priority", "resumed"), ("task", "nonsense")],
                [("attempts", "-1"), ("reason", "unheard-of"), ("priority", "x")], [],
            ]
            for (number, fields) in fields.enumerated() {
                try await queue.deadLetterStream.append(
                    EntryFields([("payload", #"{"number":\#(number)}"#)] + fields))
            }

            #expect(try await queue.deadLetters().count == 3)
            #expect(try await queue.requeueAll() == 3)
            try await working(on: queue) { task in
                done.withLock { _ = $0.insert(task.payload.number) }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(done.withLock { $0 } == [0, 1, 2])
        }
    }

    @Test func `no entry of random fields ends a worker`() async throws {
        try await withScratchQueue { queue in
            var random = SeededGenerator(seed: 9)
            let handled = Shared(0)
            for _ in 0..<500 { try await queue.redis.stream(queue.key).append(EntryFields(Self.fields(&random))) }

            try await working(on: queue, concurrency: 10) { task in
                handled.withLock { $0 += 1 }
                _ = (task.fencingToken, task.isLastAttempt)
                if task.payload.number.isMultiple(of: 3) { throw PermanentTaskFailure("a third") }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(handled.withLock { $0 } > 0)
            #expect(try await queue.deadLetters(limit: 1_000).count > 0)
        }
    }

    private static func fields(_ random: inout SeededGenerator) -> [(String, String)] {
        let names = ["payload", "task", "attempts", "waived", "deaths", "first_error", "priority", "other"]
        let values = [
            "", "0", "1", "-1", "999999999", "1000000000", "9223372036854775807", "9223372036854775808", "1.5", "0x10",
            "1-1", "18446744073709551615-0", "1-", "high", "low", "resumed", #"{"number":3}"#, #"{"number":4}"#, "{",
            "\u{0}", "é", "inf", "nan", String(repeating: "9", count: 400),
        ]
        var fields = [("payload", Bool.random(using: &random) ? #"{"number":1}"# : "{")]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            fields.append((names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? ""))
        }
        return fields.shuffled(using: &random)
    }
}
