import LocalRedis
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("Back-pressure")
struct BackPressureTests {
    private static let limit = 64 << 10
    private static let word = String(repeating: "x", count: 2_000)

    @Test func `what is in flight to a stopped server stays below the limit plus one command`() async throws {
        try await withStoppedServer { redis, resume in
            try await withThrowingTaskGroup { group in
                for task in 0..<64 {
                    group.addTask {
                        for number in 0..<10 {
                            let reply = try await redis.send("ECHO", "\(task):\(number):\(Self.word)")
                            #expect(reply.text == "\(task):\(number):\(Self.word)")
                        }
                    }
                }
                try await eventually("the limit is reached") { Self.inFlight(redis) >= Self.limit }
                for _ in 0..<100 {
                    #expect(Self.inFlight(redis) <= Self.limit + Self.word.utf8.count + 100)
                    await Task.yield()
                }

                resume()
                try await group.waitForAll()
            }
            #expect(Self.inFlight(redis) == 0)
        }
    }

    @Test func `callers are served in the order they came`() async throws {
        try await withStoppedServer { redis, resume in
            let key = scratchKey()
            try await withThrowingTaskGroup { group in
                group.addTask { try await redis.send("ECHO", String(repeating: "x", count: Self.limit)) }
                try await eventually("the limit is reached") { Self.inFlight(redis) >= Self.limit }
                for number in 0..<20 {
                    group.addTask { try await redis.send("RPUSH", key, String(number)) }
                    try await eventually("it waits in line") { Self.inLine(redis) == number + 1 }
                }

                resume()
                try await group.waitForAll()
            }

            let order = try await redis.send("LRANGE", key, "0", "-1").elements?.compactMap(\.integer)
            #expect(order == Array(0..<20))
        }
    }

    @Test func `a cancelled caller stops waiting at once, and the others go on`() async throws {
        try await withStoppedServer { redis, resume in
            let filler = Task { try await redis.send("ECHO", String(repeating: "x", count: Self.limit)) }
            try await eventually("the limit is reached") { Self.inFlight(redis) >= Self.limit }
            let key = scratchKey()
            let waiting = (0..<10).map { _ in Task { try await redis.send("INCR", key) } }
            try await eventually("they wait in line") { Self.inLine(redis) == 10 }

            for task in waiting.prefix(5) {
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }

            #expect(Self.inLine(redis) == 5)
            resume()
            for task in waiting.suffix(5) { _ = try await task.value }
            _ = try await filler.value
            #expect(try await redis.send("GET", key).integer == 5)
        }
    }

    @Test func `waiting for admission counts toward the deadline`() async throws {
        try await withStoppedServer(commandTimeout: .seconds(2)) { redis, _ in
            let filler = Task { try await redis.send("ECHO", String(repeating: "x", count: Self.limit)) }
            try await eventually("the limit is reached") { Self.inFlight(redis) >= Self.limit }

            await #expect(throws: StreamKitError.self) { try await redis.send("PING") }
            await #expect(throws: StreamKitError.self) { try await filler.value }
        }
    }

    @Test func `closing the client ends the wait of every caller`() async throws {
        try await withStoppedServer { redis, _ in
            let filler = Task { try await redis.send("ECHO", String(repeating: "x", count: Self.limit)) }
            try await eventually("the limit is reached") { Self.inFlight(redis) >= Self.limit }
            let waiting = Task { try await redis.send("PING") }
            try await eventually("it waits in line") { Self.inLine(redis) == 1 }

            redis.close()

            await #expect(throws: StreamKitError.closed) { try await waiting.value }
            await #expect(throws: StreamKitError.closed) { try await filler.value }
        }
    }

    @Test func `a command cancelled before it left is not sent after the reconnect`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let (keptKey, goneKey) = (scratchKey("kept"), scratchKey("gone"))
                try await redis.send("PING")
                await server.kill()
                _ = try? await redis.send("PING")
                let kept = Task { try await redis.send("INCR", keptKey) }
                let gone = Task { try await redis.send("INCR", goneKey) }
                try await eventually("both wait for a connection") {
                    redis.shared.guarded.withLock { $0.state.slots.count } == 2
                }

                gone.cancel()
                await #expect(throws: CancellationError.self) { try await gone.value }
                try await server.restart()

                #expect(try await kept.value.integer == 1)
                #expect(try await redis.send("EXISTS", goneKey).integer == 0)
            }
        }
    }

    /// Bytes encoded and not answered yet.
    private static func inFlight(_ redis: Redis) -> Int {
        redis.shared.guarded.withLock { $0.state.bytesInFlight }
    }

    /// How many callers wait to be admitted.
    private static func inLine(_ redis: Redis) -> Int {
        redis.shared.guarded.withLock { $0.state.admission.count }
    }

    /// Runs a test with a client of a server that is stopped (SIGSTOP) until `resume`, or until the test ends.
    private func withStoppedServer(
        commandTimeout: Duration = .seconds(30), _ body: (Redis, _ resume: () -> Void) async throws -> Void
    ) async throws {
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.maximumBytesInFlight = Self.limit
            configuration.timeouts.command = commandTimeout
            let id = try #require(server.processID)
            try await withRedis(configuration) { redis in
                try await redis.send("PING")
                kill(id, SIGSTOP)
                defer { kill(id, SIGCONT) }
                try await body(redis) { kill(id, SIGCONT) }
            }
        }
    }
}
