import LocalRedis
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("Following a stream")
struct FollowTests {
    @Test func `delivers what is there and then what comes`() async throws {
        try await withLonelyStream { stream in
            try await stream.fill(300)
            async let seen = stream.follow(after: .beginning).firstMilliseconds(400)
            try await eventually("the follower waits") { try await stream.redis.blockedClients() > 0 }
            try await stream.fill(100, from: 301)

            #expect(try await seen == Array(1...400))
        }
    }

    @Test func `from now on delivers nothing of what was there`() async throws {
        try await withLonelyStream { stream in
            try await stream.fill(5)
            async let first = stream.follow(after: .now).firstMilliseconds(1)
            try await eventually("the follower waits") { try await stream.redis.blockedClients() > 0 }
            try await stream.fill(1, from: 6)

            #expect(try await first == [6])
        }
    }

    @Test func `has no gap and no repeat while sockets are cut in the middle of replies`() async throws {
        try await withProxiedRedis { redis, proxy in
            let stream = redis.stream(scratchKey())
            proxy.cutNewConnections(afterReplyBytes: 400...3_000)
            async let seen = stream.follow(after: .beginning).firstMilliseconds(1_000)
            try await withScratchRedis { writer in
                for block in 0..<50 { try await writer.stream(stream.key).fill(20, from: block * 20 + 1) }
            }

            #expect(try await seen == Array(1...1_000))
            #expect(proxy.acceptedConnections > 5)
        }
    }

    @Test func `goes on after the server was killed and came back with its data`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration) { redis in
                let stream = redis.stream(scratchKey())
                async let seen = stream.follow(after: .beginning).firstMilliseconds(40)
                for round in 0..<4 {
                    try await eventually("entries are written") {
                        await (try? stream.length()) == round * 10
                    }
                    try await stream.fill(10, from: round * 10 + 1)
                    await server.kill()
                    try await server.restart()
                }

                #expect(try await seen == Array(1...40))
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `ends when its task is cancelled, long before the server would answer`()
        async throws
    {
        try await withLonelyStream(longestBlock: .seconds(3600)) { stream in
            let follower = Task { try await stream.follow(after: .beginning).firstMilliseconds(1) }
            try await eventually("the follower waits") { try await stream.redis.blockedClients() > 0 }

            follower.cancel()
            let result = await follower.result

            #expect(throws: CancellationError.self) { try result.get() }
            try await eventually("the server's side is free too") {
                try await stream.redis.blockedClients() == 0
            }
        }
    }

    @Test func `goes on when the stream is deleted and begins again`() async throws {
        try await withScratchStream { stream in
            var follower = stream.follow(after: .beginning).makeAsyncIterator()
            try await stream.fill(2)
            var seen = [try await follower.next(), try await follower.next()]

            try await stream.remove()
            try await stream.fill(2, from: 3)
            seen += [try await follower.next(), try await follower.next()]

            #expect(seen.compactMap(\.?.id.milliseconds) == [1, 2, 3, 4])
        }
    }

    @Test func `fails clearly on a key of another type`() async throws {
        try await withScratchStream { stream in
            try await stream.redis.send("SET", stream.key, "a string")

            let error = await #expect(throws: StreamKitError.self) {
                try await stream.follow(after: .beginning).firstMilliseconds(1)
            }

            #expect(error?.serverPrefix == "WRONGTYPE")
        }
    }
}

extension AsyncSequence where Element == StreamEntry {
    func firstMilliseconds(_ count: Int) async throws -> [UInt64] {
        var seen: [UInt64] = []
        for try await entry in self {
            seen.append(entry.id.milliseconds)
            if seen.count == count { break }
        }
        return seen
    }
}

/// Runs a test with a stream on a server of its own, where nobody else waits for anything.
func withLonelyStream<R>(
    longestBlock: Duration = .seconds(5), _ body: (RedisStream) async throws -> R
) async throws -> R {
    try await withScratchServer { server in
        var configuration = server.configuration
        configuration.timeouts.longestBlock = longestBlock
        return try await withRedis(configuration) { try await body($0.stream("lonely")) }
    }
}

extension Redis {
    /// How many clients of the server wait in a blocking command.
    func blockedClients() async throws -> Int {
        let text = try await send("INFO", "clients").text ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("blocked_clients:") }
        return line.flatMap { Int($0.dropFirst("blocked_clients:".count)) } ?? 0
    }
}
