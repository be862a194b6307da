import FaultKit
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("Long batches")
struct BatchTests {
    @Test(arguments: [1, 2, 1_000])
    func `replies come in order while other tasks use the connection`(tasks: Int) async throws {
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

    @Test func `a cut within a batch fails all of it, no command in between is missing, and the next one is complete`()
        async throws
    {
        try await withProxiedRedis { redis, proxy in
            var failures = 0
            for _ in 0..<40 {
                let key = scratchKey()
                proxy.cutNewConnections(afterReplyBytes: 200...9_000)
                proxy.cutAll()
                do {
                    let results = try await redis.pipeline { batch in
                        for number in 0..<2_000 { batch.add("RPUSH", key, "\(number)") }
                    }
                    #expect(results.count == 2_000)
                    #expect(try results.allSatisfy { try $0.get().integer != nil })
                } catch StreamKitError.connectionLost(_, let outcomeUnknown) {
                    #expect(outcomeUnknown)
                    failures += 1
                }
                proxy.cutNewConnections(afterReplyBytes: nil)
                proxy.cutAll()
                try await eventually("it is answered") { (try? await redis.send("PING")) != nil }
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

    @Test func `a batch larger than what may be in flight goes through`() async throws {
        try await withScratchRedis { redis in
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

    @Test func `batches of a few long commands are answered in full`() async throws {
        try await withScratchRedis { redis in
            _ = try await redis.send("PING")
            let text = String(repeating: "x", count: 100_000)
            for count in 1...3 {
                let results = try await redis.pipeline { batch in for _ in 0..<count { batch.add("ECHO", text) } }
                #expect(try results.map { try $0.get().text } == Array(repeating: text, count: count))
            }
        }
    }
}
