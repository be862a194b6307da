import FaultKit
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

/// Batches that are sent in several parts, because the connection was free when they were begun.
@Suite("Long batches")
struct BatchTests {
    @Test func `the beginning leaves at once on a free connection, and waits on a busy one`() async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            let free = HeadStart(on: redis.shared)
            var batch = Pipeline(free)
            for number in 0..<1_000 { batch.add("ECHO", "\(number)") }
            #expect(free.sent.commands > 0 && free.sent.commands < 1_000)

            #expect(try await redis.send("ECHO", "next").text == "next")

            async let slow = redis.send("BLPOP", scratchKey(), "0.3")
            try await eventually("it is under way") { redis.shared.state.withLock { !$0.slots.isEmpty } }
            let busy = HeadStart(on: redis.shared)
            var other = Pipeline(busy)
            for number in 0..<1_000 { other.add("ECHO", "\(number)") }
            #expect(busy.sent.commands == 0)
            _ = try await slow
        }
    }

    @Test(arguments: [1, 2, 1_000])
    func `replies come in order, whoever else uses the connection`(tasks: Int) async throws {
        try await withScratchRedis { redis in
            try await withThrowingTaskGroup { group in
                for task in 0..<tasks {
                    group.addTask {
                        for round in 0..<max(1, 40 / tasks) {
                            let count = 1_500 / tasks + round
                            let results = try await redis.pipeline { batch in
                                for number in 0..<count { batch.add("ECHO", "\(task) \(round) \(number)") }
                            }
                            let texts = try results.map { try $0.get().text }
                            #expect(texts == (0..<count).map { "\(task) \(round) \($0)" })
                            #expect(try await redis.send("ECHO", "\(task)").text == "\(task)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `what comes between two parts keeps its own reply`() async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            var others: [Task<String?, any Error>] = []
            for round in 0..<200 {
                let results = try await redis.pipeline { batch in
                    for number in 0..<600 {
                        // Joins from another thread while this batch is on its way.
                        if number == 300 { others.append(Task { try await redis.send("ECHO", "other \(round)").text }) }
                        batch.add("ECHO", "number \(number)")
                    }
                }
                #expect(try results.map { try $0.get().text } == (0..<600).map { "number \($0)" })
            }
            for (round, other) in others.enumerated() { #expect(try await other.value == "other \(round)") }
        }
    }

    @Test func `a cut within a batch fails it as a whole, leaves out no middle, and the next one is complete`()
        async throws
    {
        try await withProxiedRedis { redis, proxy in
            var failures = 0
            for round in 0..<40 {
                let key = scratchKey()
                _ = try? await redis.send("PING")
                do {
                    let results = try await redis.pipeline { batch in
                        for number in 0..<2_000 {
                            if number == 50 * round { proxy.cutAll() }
                            batch.add("RPUSH", key, "\(number)")
                        }
                    }
                    #expect(results.count == 2_000)
                    #expect(try results.allSatisfy { try $0.get().integer != nil })
                } catch StreamKitError.connectionLost(_, let outcomeUnknown) {
                    #expect(outcomeUnknown)
                    failures += 1
                }
                let kept = try await redis.send("LRANGE", key, "0", "-1").elements ?? []
                #expect(kept.map(\.text) == (0..<kept.count).map { "\($0)" })
            }

            #expect(failures > 0)
            let results = try await redis.pipeline { batch in
                for number in 0..<2_000 { batch.add("ECHO", "\(number)") }
            }
            #expect(try results.map { try $0.get().text } == (0..<2_000).map { "\($0)" })
        }
    }

    @Test func `a batch that is cancelled leaves others' replies alone`() async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            for round in 0..<100 {
                let one = Task {
                    try await redis.pipeline { batch in
                        for number in 0..<500 {
                            if number == 5 * round { withUnsafeCurrentTask { $0?.cancel() } }
                            batch.add("ECHO", "\(number)")
                        }
                    }.count
                }
                await #expect(throws: CancellationError.self) { try await one.value }
                #expect(try await redis.send("ECHO", "\(round)").text == "\(round)")
            }
        }
    }

    @Test func `a batch larger than what may be in flight goes through, also after lone commands`() async throws {
        try await withScratchRedis { redis in
            try await letSendersRead(redis)
            let text = String(repeating: "x", count: 1_000)
            let results = try await redis.pipeline { batch in for _ in 0..<6_000 { batch.add("ECHO", text) } }
            #expect(results.count == 6_000)
            #expect(try results.allSatisfy { try $0.get().text == text })
        }
    }

    @Test func `nothing of a batch is carried out for a task that is cancelled already`() async throws {
        try await withScratchRedis { redis in
            let key = scratchKey()
            _ = try await redis.send("PING")
            let one = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await redis.pipeline { batch in for _ in 0..<2_000 { batch.add("RPUSH", key, "x") } }.count
            }
            await #expect(throws: CancellationError.self) { try await one.value }
            #expect(try await redis.send("EXISTS", key).integer == 0)
        }
    }

    @Test func `a batch that is cancelled between its parts does not cost the connection`() async throws {
        var configuration = try await TestServer.shared.configuration()
        configuration.commandTimeout = .seconds(5)
        try await withRedis(configuration) { redis in
            try await letSendersRead(redis)
            let id = try await redis.send("CLIENT", "ID").integer
            let one = Task {
                try await redis.pipeline { batch in
                    for number in 0..<2_000 {
                        if number == 1_000 { withUnsafeCurrentTask { $0?.cancel() } }
                        batch.add("ECHO", "x")
                    }
                }.count
            }
            await #expect(throws: CancellationError.self) { try await one.value }
            try await eventually("its beginning is answered") { redis.shared.state.withLock { $0.slots.isEmpty } }
            #expect(try await redis.send("CLIENT", "ID").integer == id)
        }
    }

    @Test func `senders that are cancelled while they look for the answer give their thread back`() async throws {
        try await withScratchRedis { redis in
            try await letSendersRead(redis)
            for round in 0..<50 {
                let one = Task {
                    try await redis.pipeline { batch in
                        for number in 0..<500 { batch.add("ECHO", "\(number)") }
                    }.count
                }
                for _ in 0..<(round % 7) { await Task.yield() }
                one.cancel()
                _ = try? await one.value
            }

            try await eventually("no thread is lent") { !Connection.isLending.load(ordering: .relaxed) }
            #expect(try await redis.send("ECHO", "next").text == "next")
        }
    }

    @Test func `a batch of one long command is one part`() async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            let text = String(repeating: "x", count: 100_000)
            for count in 1...3 {
                let results = try await redis.pipeline { batch in for _ in 0..<count { batch.add("ECHO", text) } }
                #expect(try results.map { try $0.get().text } == Array(repeating: text, count: count))
            }
        }
    }

    /// Sends commands until their senders read the answers themselves, and the I/O thread does not look.
    ///
    /// It never comes to that on a machine too slow or with one core, where these tests prove less.
    private func letSendersRead(_ redis: Redis) async throws {
        for _ in 0..<2_000 {
            _ = try await redis.send("PING")
            if redis.shared.state.withLock({ !$0.lone.isWatched }) { return }
        }
    }
}
