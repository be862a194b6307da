@testable import LocalRedis
import FaultKit
import TestSupport
import Testing

@testable import StreamKit

@Suite("Followers and consumers after outages")
struct ResumeTests {
    @Test func `go on after a server that loads for longer than their retry limit`() async throws {
        try await withSlowLoadingServer { server, redis in
            let stream = redis.stream("s")
            // Shorter than the load, and longer than a slow machine takes to start the server.
            let retry = RetryPolicy(limit: .seconds(3))
            let group = stream.group("g")
            try await group.create()
            async let followed = stream.follow(after: .beginning, retry: retry).firstMilliseconds(2)
            async let delivered = group.consumer("c").deliveries(retry: retry).firstMilliseconds(2)
            try await stream.fill(1)
            try await eventually("both wait") { try await redis.blockedClients() == 2 }
            try await redis.send("SAVE")
            try await server.restart(acceptsLoading: true)
            try await stream.append(["n": "2"], id: StreamID(milliseconds: 2))

            #expect(try await followed == [1, 2])
            #expect(try await delivered == [1, 2])
        }
    }

    @Test func `from now on is looked up once there is a connection`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration) { try await $0.stream("s").fill(3) }
            await server.kill()
            try await withRedis(server.configuration) { redis in
                let reader = Task { try await redis.stream("s").follow(after: .now).firstMilliseconds(1) }
                try await server.restart()
                try await eventually("the follower waits") { try await redis.blockedClients() == 1 }
                try await redis.stream("s").fill(1, from: 4)

                #expect(try await reader.value == [4])
            }
        }
    }

    @Test func `a stream that begins again with lower IDs is followed from its new beginning`() async throws {
        try await withQuickRounds { redis in
            let stream = redis.stream("s")
            let reader = Task { try await stream.follow(after: .beginning).firstMilliseconds(5) }
            try await stream.fill(2, from: 101)
            try await eventually("the follower waits") { try await redis.blockedClients() == 1 }

            try await stream.remove()
            try await stream.fill(3)

            #expect(try await reader.value == [101, 102, 1, 2, 3])
        }
    }

    @Test func `a stream whose newest entries a failover lost is followed on, without a repeat`() async throws {
        try await withQuickRounds { redis in
            let stream = redis.stream("s")
            try await stream.fill(4)
            try await redis.send("COPY", "s", "replica")
            try await stream.fill(2, from: 5)
            var follower = stream.follow(after: .beginning).makeAsyncIterator()
            for _ in 1...6 { _ = try await follower.next() }

            try await redis.send("RENAME", "replica", "s")
            let writer = Task {
                // The follower cannot know of entries that come before its first look, so the test waits for that.
                try await eventually("the follower has looked") {
                    try await redis.send("INFO", "commandstats").text?.contains("cmdstat_xinfo|stream") == true
                }
                try await stream.append(["n": "new"], id: .init(milliseconds: 5))
            }
            let entry = try await follower.next()
            _ = try await writer.value

            #expect(entry?["n"] == "new")
        }
    }

    @Test func `a cursor beyond the end is waited for, whatever comes before it`() async throws {
        try await withQuickRounds { redis in
            let stream = redis.stream("s")
            try await stream.fill(3)
            let reader = Task {
                try await stream.follow(after: .after(.init(milliseconds: 10))).firstMilliseconds(1)
            }
            try await eventually("the follower waits") { try await redis.blockedClients() == 1 }
            try await stream.fill(8, from: 4)

            #expect(try await reader.value == [11])
        }
    }

    @Test func `a key that becomes another type under a follower fails clearly`() async throws {
        try await withQuickRounds { redis in
            let stream = redis.stream("s")
            try await stream.fill(1)
            let reader = Task { try await stream.follow(after: .beginning).firstMilliseconds(2) }
            try await eventually("the follower waits") { try await redis.blockedClients() == 1 }

            try await redis.send("SET", "s", "text")

            let error = await #expect(throws: StreamKitError.self) { try await reader.value }
            #expect(error?.serverPrefix == "WRONGTYPE")
        }
    }

    @Test func `consumers go on with a group that begins again with lower IDs, lost replies included`() async throws {
        try await withQuickRounds { redis in
            let stream = redis.stream("s")
            let consumer = stream.group("g").consumer("c")
            let reader = Task { try await consumer.deliveries().firstMilliseconds(5) }
            try await stream.fill(2, from: 101)
            try await eventually("the consumer waits") { try await redis.blockedClients() == 1 }

            try await stream.remove()
            try await eventually("the group is there again") { try await stream.info()?.groups == 1 }
            try await stream.fill(3)

            #expect(try await reader.value == [101, 102, 1, 2, 3])
        }
    }

    @Test func `what came too late for a cancelled read is delivered once`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("g")
            try await group.create()
            let consumer = group.consumer("c")
            for round in 1...200 {
                let reader = Task { try await consumer.read(wait: .forever) }
                for _ in 0..<(round % 7) { await Task.yield() }
                async let appended: Void = stream.fill(1, from: round)
                reader.cancel()
                _ = await reader.result
                try await appended
            }

            // Every entry is pending, whether its read was cancelled or not, and some came late, too.
            #expect(try await consumer.deliveries().firstMilliseconds(200) == Array(1...200))
            try await stream.fill(1, from: 201)
            let rest = try await consumer.deliveries().firstMilliseconds(201)
            #expect(rest == Array(1...201))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an entry sent to a connection that only the client knows to be dead is delivered again`()
        async throws
    {
        try await withScratchServer { server in
            try await withCuttingProxy(to: try #require(server.port)) { proxy in
                var address = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                address.timeouts.longestBlock = .seconds(60)
                try await withRedis(address) { redis in
                    let stream = redis.stream("s")
                    let reader = Task { try await stream.group("g").consumer("c").deliveries().firstMilliseconds(3) }
                    try await withRedis(server.configuration) { admin in
                        try await admin.stream("s").fill(1)
                        try await eventually("the consumer waits") { try await admin.blockedClients() == 1 }
                        let before = try await admin.waitingReaders()

                        proxy.cutClientsOnly()
                        try await eventually("the consumer waits again") {
                            try await admin.waitingReaders().contains { !before.contains($0) }
                        }
                        // The server gives entries to the client that has waited longest: to the dead one, if it
                        // still believes that it is there.
                        for number in 2...3 { try await admin.stream("s").fill(1, from: number) }
                    }
                    #expect(try await reader.value == [1, 2, 3])
                }
            }
        }
    }

    @Test func `a failover is followed to the new primary`() async throws {
        try await withScratchServer { old in
            try await withScratchServer { new in
                let (oldPort, newPort) = (try #require(old.port), try #require(new.port))
                try await withCuttingProxy(to: oldPort) { proxy in
                    let address = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                    try await withRedis(address) { redis in
                        let stream = redis.stream("s")
                        try await stream.group("g").create()
                        async let followed = stream.follow(after: .beginning).firstMilliseconds(20)
                        async let delivered = stream.group("g").consumer("c").deliveries().firstMilliseconds(20)
                        try await stream.fill(10)
                        try await exchangeRoles(old, oldPort, new, newPort)
                        proxy.retarget(to: newPort)
                        for number in 11...20 { await stream.appendSurely(number) }

                        #expect(try await followed == Array(1...20))
                        #expect(try await Set(delivered) == Set(1...20))
                    }
                }
            }
        }
    }

    private func exchangeRoles(_ old: LocalRedis, _ oldPort: Int, _ new: LocalRedis, _ newPort: Int) async throws {
        try await withRedis(new.configuration) { replica in
            try await replica.send("REPLICAOF", "127.0.0.1", "\(oldPort)")
            try await eventually("the replica has it all") { (try? await replica.stream("s").length()) == 10 }
            try await replica.send("REPLICAOF", "NO", "ONE")
        }
        try await withRedis(old.configuration) { _ = try await $0.send("REPLICAOF", "127.0.0.1", "\(newPort)") }
    }
}

extension Redis {
    /// The IDs of the clients that wait in XREADGROUP.
    fileprivate func waitingReaders() async throws -> Set<String> {
        let clients = try await send("CLIENT", "LIST").text ?? ""
        let waiting = clients.split(separator: "\n").filter {
            $0.contains(" flags=b ") && $0.contains("cmd=xreadgroup")
        }
        return Set(waiting.compactMap { $0.split(separator: " ").first.map(String.init) })
    }
}

/// Runs a test with a server of its own, and reads that come back every 50 ms.
private func withQuickRounds<R>(_ body: (Redis) async throws -> R) async throws -> R {
    try await withScratchServer(.init()) { server in
        var configuration = server.configuration
        configuration.timeouts.longestBlock = .milliseconds(50)
        return try await withRedis(configuration, body)
    }
}
