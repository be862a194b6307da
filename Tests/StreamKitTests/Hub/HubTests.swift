import FaultKit
import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("Following streams through a hub", .timeLimit(.minutes(2)))
struct HubTests {
    @Test func `a late follower gets what is there and then what comes, once each`() async throws {
        try await withLonelyStream { stream in
            let hub = StreamHub(redis: stream.redis)
            try await stream.fill(300)
            async let first = hub.follow(stream.key, after: .beginning).firstMilliseconds(500)
            try await eventually("the lane waits") { try await stream.redis.blockedClients() == 1 }
            try await stream.fill(100, from: 301)
            async let late = hub.follow(stream.key, after: .after(.init(milliseconds: 250))).firstMilliseconds(250)
            try await stream.fill(100, from: 401)

            #expect(try await first == Array(1...500))
            #expect(try await late == Array(251...500))
        }
    }

    @Test func `a follower that begins again after every entry misses and repeats nothing`() async throws {
        try await withLonelyStream { stream in
            let hub = StreamHub(redis: stream.redis)
            let writer = Task {
                for number in 1...500 { try await stream.fill(1, from: number) }
            }
            var seen: [UInt64] = []
            var position = StreamPosition.beginning
            while seen.count < 500 {
                let next = try await hub.follow(stream.key, after: position).firstMilliseconds(1)
                seen += next
                position = .after(StreamID(milliseconds: next[0]))
            }
            try await writer.value

            #expect(seen == Array(1...500))
        }
    }

    @Test func `a hundred followers of twenty streams share at most two blocking connections`() async throws {
        try await withLonelyStream { stream in
            let redis = stream.redis
            let hub = StreamHub(redis: redis)
            let keys = (0..<20).map { "many:\($0)" }
            let followers = keys.flatMap { key in
                (0..<5).map { _ in
                    Task { try await hub.follow(key, after: .beginning).firstMilliseconds(50) }
                }
            }
            try await eventually("all streams are followed") {
                hub.state.withLock { state in
                    state.topics.count == 20 && state.topics.values.allSatisfy { $0.waiters.count == 5 }
                }
            }
            for block in 0..<5 { for key in keys { try await redis.stream(key).fill(10, from: block * 10 + 1) } }

            for follower in followers { #expect(try await follower.value == Array(1...50)) }
            let clients = try await redis.send("CLIENT", "LIST").text ?? ""
            // One is the shared connection.
            #expect(clients.split(whereSeparator: \.isNewline).count <= 3, "\(clients)")
            try await eventually("nothing is left of the followers") {
                hub.state.withLock { $0.topics.isEmpty && $0.lanes.isEmpty }
            }
        }
    }

    @Test func `followers of more streams than one lane takes are all served`() async throws {
        try await withLonelyStream { stream in
            let redis = stream.redis
            let hub = StreamHub(redis: redis)
            let keys = (0..<300).map { "lanes:\($0)" }
            let followers = keys.map { key in
                Task { try await hub.follow(key, after: .beginning).firstMilliseconds(3) }
            }
            try await eventually("all streams are followed") {
                hub.state.withLock { $0.topics.count == 300 && $0.topics.values.allSatisfy { $0.waiters.count == 1 } }
            }
            #expect(hub.state.withLock { $0.lanes.count } == 3)
            for key in keys.reversed() { try await redis.stream(key).fill(3) }

            for follower in followers { #expect(try await follower.value == [1, 2, 3]) }
        }
    }

    @Test func `followers go on after the server was killed and came back with its data`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration) { redis in
                let (stream, hub) = (redis.stream(scratchKey()), StreamHub(redis: redis))
                let followers = (0..<20).map { _ in
                    Task { try await hub.follow(stream.key, after: .beginning).firstMilliseconds(40) }
                }
                for round in 0..<4 {
                    try await eventually("entries are written") { await (try? stream.length()) == round * 10 }
                    try await stream.fill(10, from: round * 10 + 1)
                    await server.kill()
                    try await server.restart()
                }

                for follower in followers { #expect(try await follower.value == Array(1...40)) }
            }
        }
    }

    @Test func `has no gap and no repeat while sockets are cut in the middle of replies`() async throws {
        try await withProxiedRedis { redis, proxy in
            let (stream, hub) = (redis.stream(scratchKey()), StreamHub(redis: redis))
            proxy.cutNewConnections(afterReplyBytes: 400...3_000)
            async let seen = hub.follow(stream.key, after: .beginning).firstMilliseconds(1_000)
            try await withScratchRedis { writer in
                for block in 0..<50 { try await writer.stream(stream.key).fill(20, from: block * 20 + 1) }
            }

            #expect(try await seen == Array(1...1_000))
            #expect(proxy.acceptedConnections > 5)
        }
    }

    @Test func `a follower that lags reads from Redis what has left the window`() async throws {
        try await withLonelyStream { stream in
            let hub = StreamHub(redis: stream.redis)
            var slow = hub.follow(stream.key, after: .beginning).makeAsyncIterator()
            try await stream.fill(1)
            var seen = [try await slow.next()?.id.milliseconds]
            let fast = Task { try await hub.follow(stream.key, after: .beginning).firstMilliseconds(401) }
            try await eventually("the fast one waits") {
                hub.state.withLock { $0.topics[stream.key]?.waiters.isEmpty == false }
            }
            let large = String(repeating: "x", count: 1_000)
            for number in 2...401 { try await stream.append(["n": large], id: .init(milliseconds: UInt64(number))) }
            _ = try await fast.value
            let start = try #require(hub.state.withLock { $0.topics[stream.key]?.window?.start })
            #expect(start > StreamID(milliseconds: 1))
            while seen.count < 401 { seen.append(try await slow.next()?.id.milliseconds) }

            #expect(seen == Array(1...401))
        }
    }

    @Test func `a stream that is deleted and begins again is followed from its new beginning`() async throws {
        try await withScratchServer(.init()) { server in
            var configuration = server.configuration
            configuration.timeouts.longestBlock = .milliseconds(50)
            try await withRedis(configuration) { redis in
                let (stream, hub) = (redis.stream("s"), StreamHub(redis: redis))
                let reader = Task { try await hub.follow("s", after: .beginning).firstMilliseconds(5) }
                // So the hub knows all that there was, not only the newest.
                try await eventually("the hub waits for the first") {
                    hub.state.withLock { $0.topics["s"]?.waiters.isEmpty == false }
                }
                try await stream.fill(2, from: 101)
                try await eventually("the follower has both") {
                    hub.state.withLock { $0.topics["s"]?.waiters.values.first?.position.milliseconds == 102 }
                }
                try await stream.remove()
                try await stream.fill(3)

                let seen = try await reader.value
                #expect(seen == [101, 102, 1, 2, 3])
            }
        }
    }

    @Test func `a key of another type fails its own followers and no others`() async throws {
        try await withLonelyStream { stream in
            let redis = stream.redis
            let hub = StreamHub(redis: redis)
            let good = Task { try await hub.follow("good", after: .beginning).firstMilliseconds(2) }
            let bad = Task { try await hub.follow("bad", after: .beginning).firstMilliseconds(1) }
            try await eventually("both are followed") {
                hub.state.withLock { $0.topics.values.count { $0.waiters.count == 1 } == 2 }
            }
            try await redis.send("SET", "bad", "text")
            try await redis.stream("good").fill(1)

            let error = await #expect(throws: StreamKitError.self) { try await bad.value }
            #expect(error?.serverPrefix == "WRONGTYPE")
            try await redis.stream("good").fill(1, from: 2)
            #expect(try await good.value == [1, 2])
        }
    }

    @Test func `a cancelled follower ends at once, and the others stay`() async throws {
        try await withLonelyStream(longestBlock: .seconds(3600)) { stream in
            let hub = StreamHub(redis: stream.redis)
            let (one, other) = (
                Task { try await hub.follow(stream.key, after: .beginning).firstMilliseconds(1) },
                Task { try await hub.follow(stream.key, after: .beginning).firstMilliseconds(1) }
            )
            try await eventually("both wait") {
                hub.state.withLock { $0.topics[stream.key]?.waiters.count == 2 }
            }
            one.cancel()
            let result = await one.result
            try await stream.fill(1)

            #expect(throws: CancellationError.self) { try result.get() }
            #expect(try await other.value == [1])
        }
    }

    @Test func `closing the client ends those who wait`() async throws {
        try await withLonelyStream { stream in
            let hub = StreamHub(redis: stream.redis)
            let waiting = Task { try await hub.follow(stream.key, after: .beginning).firstMilliseconds(1) }
            try await eventually("it waits") { hub.state.withLock { $0.topics[stream.key]?.waiters.count == 1 } }
            stream.redis.close()

            await #expect(throws: StreamKitError.closed) { try await waiting.value }
        }
    }
}
