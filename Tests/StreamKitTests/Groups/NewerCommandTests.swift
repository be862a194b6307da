import FaultKit
import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

/// The same promises on every server, with the newer command or without it.
@Suite("Newer commands and their portable way")
struct NewerCommandTests {
    @Test func `the newer command is sent where the server has it, and only there`() async throws {
        let sent = Mutex<[String]>([])
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.trace = CommandTrace { command in sent.withLock { $0.append(command.line) } }
        let capabilities = try await withRedis(configuration) { redis in
            let stream = redis.stream(scratchKey())
            let id = try await stream.appendOnce(["n": "1"], producer: "ada", message: "1")
            let group = stream.group("workers")
            try await group.create()
            _ = try await group.consumer("ada").read(claimingIdleFor: .seconds(1))
            try await group.acknowledgeAndDelete([id])
            try await stream.remove()
            return try await redis.capabilities()
        }

        func wasSent(_ word: String) -> Bool { sent.withLock { $0.contains { $0.contains(word) } } }
        #expect(wasSent(" IDMP ") == capabilities.supports(.idempotentAppend))
        #expect(wasSent(" CLAIM ") == capabilities.supports(.claimingRead))
        #expect(wasSent("XAUTOCLAIM ") == !capabilities.supports(.claimingRead))
        #expect(wasSent("XACKDEL ") == capabilities.supports(.acknowledgeAndDelete))
    }

    @Test func `acknowledging and deleting leaves what is pending with others alone`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            try await group.create()
            var ids: [StreamID] = []
            for number in 1...4 { ids.append(try await stream.append(["number": "\(number)"])) }
            _ = try await group.consumer("ada").read(limit: 3)

            let missing = StreamID(milliseconds: 0, sequence: 1)
            let done = try await group.acknowledgeAndDelete([ids[0], ids[1], ids[3], missing])

            #expect(done == 2)
            #expect(try await stream.entries().map(\.id) == [ids[2], ids[3]])
            #expect(try await group.pendingEntries().map(\.id) == [ids[2]])
            #expect(try await group.acknowledgeAndDelete([ids[0]]) == 0)
        }
    }

    @Test func `acknowledging a deleted entry still takes it off the pending list`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            try await group.create()
            let id = try await stream.append(["number": "1"])
            _ = try await group.consumer("ada").read()
            try await stream.delete([id])

            #expect(try await group.acknowledgeAndDelete([id]) == 1)
            #expect(try await group.pending().count == 0)
        }
    }

    @Test func `acknowledging and deleting in a group that is missing does nothing`() async throws {
        try await withScratchStream { stream in
            let id = try await stream.append(["number": "1"])

            #expect(try await stream.group("nobody").acknowledgeAndDelete([id]) == 0)
            #expect(try await stream.length() == 1)
        }
    }

    @Test func `reading with a claim brings entries that another consumer left, then new ones`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            try await group.create()
            for number in 1...3 { try await stream.append(["number": "\(number)"]) }
            for entry in try await group.consumer("bob").read(limit: 2) {
                // As if bob had held it for an hour.
                try await stream.redis.send(
                    "XCLAIM", stream.key, "workers", "bob", "0", "\(entry.id)", "IDLE", "3600000", "JUSTID")
            }

            let ada = group.consumer("ada")
            var entries: [StreamEntry] = []
            for _ in 0..<3 where entries.count < 3 { entries += try await ada.read(claimingIdleFor: .seconds(1800)) }

            #expect(entries.map { $0["number"] } == ["1", "2", "3"])
            #expect(try await group.pending().perConsumer.map(\.name) == ["ada"])
            #expect(try await ada.read(claimingIdleFor: .seconds(1800)).isEmpty)
        }
    }

    @Test func `reading with a claim waits for what is new`() async throws {
        try await withLonelyStream { stream in
            let group = stream.group("workers")
            try await group.create()
            async let entries = group.consumer("ada").read(claimingIdleFor: .seconds(60), wait: .forever)
            try await eventually("the reader waits") { try await stream.redis.blockedClients() > 0 }
            let id = try await stream.append(["number": "1"])

            #expect(try await entries.map(\.id) == [id])
        }
    }

    @Test func `reading with a claim waits for what becomes idle`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            try await group.create()
            let id = try await stream.append(["number": "1"])
            _ = try await group.consumer("bob").read()

            let entries = try await group.consumer("ada").read(claimingIdleFor: .milliseconds(300), wait: .forever)

            #expect(entries.map(\.id) == [id])
        }
    }

    @Test func `reading with a claim ends with its wait`() async throws {
        try await withScratchStream { stream in
            let group = stream.group("workers")
            try await group.create()

            let wait = ReadWait.atMost(.milliseconds(250))
            #expect(try await group.consumer("ada").read(claimingIdleFor: .milliseconds(100), wait: wait).isEmpty)
        }
    }

    @Test func `reading with a claim in a group that is missing is NOGROUP`() async throws {
        try await withScratchStream { stream in
            let error = await #expect(throws: StreamKitError.self) {
                try await stream.group("nobody").consumer("ada").read(claimingIdleFor: .seconds(1))
            }

            #expect(error?.serverPrefix == "NOGROUP")
        }
    }

    @Test func `a message that is repeated is appended once`() async throws {
        try await withScratchStream { stream in
            let trim = StreamTrim.maximumLength(100)
            let first = try await stream.appendOnce(["n": "1"], producer: "ada", message: "a", trim: trim)
            let again = try await stream.appendOnce(["n": "1"], producer: "ada", message: "a", trim: trim)
            let other = try await stream.appendOnce(["n": "2"], producer: "ada", message: "b", trim: trim)
            let third = try await stream.appendOnce(["n": "3"], producer: "bob", message: "a", trim: trim)

            #expect(first == again)
            #expect(try await stream.entries().map(\.id) == [first, other, third])
        }
    }

    @Test func `messages are told apart by the pair of producer and message`() async throws {
        try await withScratchStream { stream in
            let first = try await stream.appendOnce(["n": "1"], producer: "a:b", message: "c")
            let second = try await stream.appendOnce(["n": "2"], producer: "a", message: "b:c")

            #expect(try await stream.entries().map(\.id) == [first, second])
        }
    }

    @Test(arguments: [3_400, 3_600, 12_345]) func `an entry of many fields is appended once and whole`(count: Int)
        async throws
    {
        try await withScratchStream { stream in
            let fields = EntryFields((1...count).map { ("field\($0)", "value\($0)") })
            let first = try await stream.appendOnce(fields, producer: "ada", message: "a")
            let again = try await stream.appendOnce(fields, producer: "ada", message: "a")

            let entries = try await stream.entries()
            #expect(first == again && entries.map(\.id) == [first])
            #expect(entries.first?.fields.map(\.name) == (1...count).map { "field\($0)" })
            #expect(entries.first?.fields.map(\.value) == (1...count).map { "value\($0)" })
        }
    }

    @Test(arguments: ["plain", "{tag}orders", "a{b}c"])
    func `a message is appended once in a cluster, whatever the key`(
        key: String
    ) async throws {
        let cluster = LocalRedis.Options(tcp: true, extraArguments: ["--cluster-enabled", "yes"])
        try await withScratchServer(cluster) { server in
            try await withRedis(server.configuration) { redis in
                try await redis.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
                try await eventually("the cluster is up") {
                    try await redis.send("CLUSTER", "INFO").text?.contains("cluster_state:ok") == true
                }
                let stream = redis.stream(key)
                let first = try await stream.appendOnce(["n": "1"], producer: "ada", message: "a")
                let again = try await stream.appendOnce(["n": "1"], producer: "ada", message: "a")

                #expect(first == again)
            }
        }
    }

    @Test func `a message counts as new once its stream is gone`() async throws {
        try await withScratchStream { stream in
            let first = try await stream.appendOnce(["n": "1"], producer: "ada", message: "a")
            try await stream.remove()
            let second = try await stream.appendOnce(["n": "2"], producer: "ada", message: "a")

            // The same ID comes again if no millisecond has passed since.
            #expect(second >= first)
            #expect(try await stream.entries().map { $0["n"] } == ["2"])
        }
    }

    @Test func `a message whose reply is lost is repeated by itself and appended once`() async throws {
        try await withProxiedRedis { redis, proxy in
            let key = scratchKey()
            // Beyond the greeting and the question for capabilities, so in the middle of the appends.
            proxy.cutNewConnections(afterReplyBytes: 8_000...12_000)
            try await withRedis(redis.configuration) { redis in
                for number in 1...1_500 {
                    try await redis.stream(key).appendOnce(["n": "\(number)"], producer: "ada", message: "\(number)")
                }
            }
            proxy.cutNewConnections(afterReplyBytes: nil)

            #expect(proxy.acceptedConnections > 2)
            let numbers = try await redis.stream(key).entries().map { $0["n"] }
            #expect(numbers == (1...1_500).map { "\($0)" })
        }
    }
}
