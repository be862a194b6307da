import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("Deliveries to a consumer")
struct DeliveriesTests {
    @Test func `begin with what it held before and go on with what is new`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(5)
            let group = stream.group("g")
            try await group.create()
            _ = try await group.consumer("c").read(limit: 2)

            let seen = try await group.consumer("c").deliveries().firstMilliseconds(5)

            #expect(seen == [1, 2, 3, 4, 5])
        }
    }

    @Test func `do not stop at a page of held entries that were all deleted`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(150)
            let group = stream.group("g")
            try await group.create()
            _ = try await group.consumer("c").read()
            try await stream.delete((1...140).map { StreamID(milliseconds: $0) })
            try await stream.fill(1, from: 151)

            let seen = try await group.consumer("c").deliveries().firstMilliseconds(11)

            #expect(seen == Array(141...151))
        }
    }

    @Test func `create a missing group again if the caller wants that`() async throws {
        try await withScratchStream { stream in
            try await stream.fill(2)

            let seen = try await stream.group("g").consumer("c").deliveries().firstMilliseconds(2)

            #expect(seen == [1, 2])
        }
    }

    @Test func `fail with NOGROUP if the caller wants that`() async throws {
        try await withScratchStream { stream in
            let error = await #expect(throws: StreamKitError.self) {
                try await stream.group("g").consumer("c").deliveries(recreatingGroupFrom: nil).firstMilliseconds(1)
            }

            #expect(error?.serverPrefix == "NOGROUP")
        }
    }

    @Test func `go on when the stream is deleted under a reader that waits`() async throws {
        try await withLonelyStream { stream in
            let group = stream.group("g")
            try await group.create()
            async let seen = group.consumer("c").deliveries().firstMilliseconds(2)
            try await eventually("the reader waits") { try await stream.redis.blockedClients() == 1 }

            try await stream.remove()
            try await eventually("the reader waits again") {
                guard try await stream.info()?.groups == 1 else { return false }
                return try await stream.redis.blockedClients() == 1
            }
            try await stream.fill(2)

            #expect(try await seen == [1, 2])
        }
    }

    @Test func `fail clearly when the stream is deleted under a reader that waits, if the caller wants that`()
        async throws
    {
        try await withLonelyStream { stream in
            let group = stream.group("g")
            try await group.create()
            async let seen = group.consumer("c").deliveries(recreatingGroupFrom: nil).firstMilliseconds(1)
            try await eventually("the reader waits") { try await stream.redis.blockedClients() == 1 }

            try await stream.remove()

            do {
                _ = try await seen
                Issue.record("the reader did not fail")
            } catch is StreamKitError {}
        }
    }

    @Test func `bring every entry while sockets are cut in the middle of replies`() async throws {
        try await withProxiedRedis { redis, proxy in
            let stream = redis.stream(scratchKey())
            proxy.cutNewConnections(afterReplyBytes: 400...3_000)
            async let seen = stream.group("g").consumer("c").deliveries().firstMilliseconds(300)
            try await withScratchRedis { writer in
                for block in 0..<30 { try await writer.stream(stream.key).fill(10, from: block * 10 + 1) }
            }

            #expect(try await Set(seen) == Set(1...300))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `end when the task is cancelled, and lose no entry`() async throws {
        try await withLonelyStream(longestBlock: .seconds(3600)) { stream in
            let group = stream.group("g")
            try await group.create()
            let reader = Task { try await group.consumer("c").deliveries().firstMilliseconds(1) }
            try await eventually("the reader waits") { try await stream.redis.blockedClients() == 1 }

            reader.cancel()
            _ = await reader.result
            try await stream.fill(1)

            #expect(try await group.consumer("c").deliveries().firstMilliseconds(1) == [1])
        }
    }
}
