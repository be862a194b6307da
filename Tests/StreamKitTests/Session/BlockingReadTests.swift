import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("Blocking reads")
struct BlockingReadTests {
    @Test func `a blocking read delays no other command`() async throws {
        // A server of its own: others' reads wait on the shared one.
        try await withLonelyStream { stream in
            let redis = stream.redis
            async let entry = stream.read(after: .zero, wait: .forever)
            try await eventually("the read waits") { try await redis.blockedClients() == 1 }
            let id = try await stream.append(["event": "token"])

            #expect(try await entry.map(\.id) == [id])
        }
    }

    @Test func `a wait that ends without an entry is empty, not an error`() async throws {
        try await withScratchRedis { redis in
            let entries = try await redis.stream(scratchKey()).read(after: .zero, wait: .atMost(.milliseconds(20)))
            #expect(entries.isEmpty)
        }
    }

    @Test func `a wait of zero ends, and does not wait forever`() async throws {
        try await withScratchRedis { redis in
            let entries = try await redis.stream(scratchKey()).read(after: .zero, wait: .atMost(.zero))
            #expect(entries.isEmpty)
        }
    }

    @Test func `cancelled reads leave no connection behind, and the next reader gets the next entry`() async throws {
        try await withLonelyStream { stream in
            for round in 0..<300 {
                let reader = Task { try await stream.read(after: .zero, wait: .forever) }
                for _ in 0..<(round % 7) { await Task.yield() }
                reader.cancel()
                await #expect(throws: CancellationError.self) { try await reader.value }
            }
            let id = try await stream.append(["event": "token"])

            #expect(try await stream.read(after: .zero, wait: .forever).map(\.id) == [id])
            try await eventually("no connection is blocked") { try await stream.redis.blockedClients() == 0 }
            try await eventually("every connection can be used again, or is gone") {
                stream.redis.blocking.state.withLock { $0.all.count == $0.idle.count }
            }
        }
    }

    @Test func `an entry delivered to a cancelled group read goes to the next read`() async throws {
        try await withScratchRedis { redis in
            let stream = redis.stream(scratchKey())
            let group = stream.group("g")
            try await group.create()
            let consumer = group.consumer("c")
            var seen: [StreamID] = []
            var appended: [StreamID] = []
            for round in 0..<100 {
                let reader = Task { try await consumer.read(wait: .forever) }
                for _ in 0..<(round % 5) { await Task.yield() }
                async let id = stream.append(["round": String(round)])
                reader.cancel()
                seen += ((try? await reader.value) ?? []).map(\.id)
                appended.append(try await id)
            }
            while seen.count < appended.count {
                let more = try await consumer.read(wait: .atMost(.seconds(5)))
                if more.isEmpty { break }
                seen += more.map(\.id)
            }

            #expect(seen.sorted() == appended)
        }
    }

    @Test func `a delivery cancelled before it was asked for leaves no connection behind`() async throws {
        let port = try #require(try await TestServer.shared.server().port)
        try await withRedis(RedisConfiguration(host: "127.0.0.1", port: port)) { redis in
            let stream = redis.stream(scratchKey())
            let consumer = stream.group("g").consumer("c")
            // Its connection is kept for the next command that blocks.
            _ = try await stream.read(after: .zero, wait: .atMost(.milliseconds(1)))

            let reader = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await consumer.read(wait: .forever)
            }

            await #expect(throws: CancellationError.self) { try await reader.value }
            try await eventually("no connection is in use") {
                redis.blocking.state.withLock { $0.all.count == $0.idle.count }
            }
        }
    }
}
