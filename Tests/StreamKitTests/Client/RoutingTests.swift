import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

/// What a client of several servers would have to know: see Sources/StreamKit/Client/Routing.md.
@Suite("Routing")
struct RoutingTests {
    @Test func `every typed command names the stream's key, or a companion in its slot, where a router would look`()
        async throws
    {
        let traced = Mutex<[[String]]>([])
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.trace = CommandTrace { command in traced.withLock { $0.append(command.words) } }
        let key = scratchKey()
        try await withRedis(configuration) { redis in
            let stream = redis.stream(key)
            try await Self.useEverything(of: stream)
            try await stream.remove()
        }

        let commands = traced.withLock { $0 }
            .filter { !["PING", "HELLO", "COMMAND", "CLIENT"].contains($0[0]) }
        #expect(Set(commands.map { $0[0] }).count >= 12)
        for words in commands {
            #expect(Self.keys(in: words).allSatisfy { $0 == key || $0.hasPrefix("{\(key)}:") }, "\(words)")
            #expect(!Self.keys(in: words).isEmpty, "\(words)")
        }
    }

    private static func useEverything(of stream: RedisStream) async throws {
        let redis = stream.redis
        let group = stream.group("g")
        let consumer = group.consumer("c")
        try await group.create()
        let first = try await stream.append(["n": "1"], trim: .maximumLength(100))
        _ = try await stream.appendOnce(["n": "3"], producer: "p", message: "m")
        _ = try await redis.pipeline { $0.append(["n": "4"], to: stream.key) }
        _ = try await (stream.entries(), stream.entriesReversed(limit: 1), stream.length(), stream.info())
        _ = try await redis.read([(stream.key, .zero)])
        _ = try await stream.read(after: .maximum, wait: .atMost(.milliseconds(1)))
        _ = try await consumer.read(limit: 1)
        _ = try await consumer.acknowledge([first], thenRead: 1)
        _ = try await (consumer.ownPending(), consumer.claim(idleFor: .zero), group.pending())
        _ = try await (group.pendingEntries(), group.consumers())
        _ = try await consumer.read(claimingIdleFor: .seconds(60))
        _ = try await group.acknowledgeAndDelete([first])
        _ = try await (stream.delete([first]), stream.trim(.maximumLength(1)), group.removeConsumer("c"))
        _ = try await group.remove()
    }

    /// The keys of a command, by its name alone.
    private static func keys(in words: [String]) -> [String] {
        switch words[0] {
        case "XGROUP", "XINFO": return [words[2]]
        case "EVAL", "EVALSHA": return Array(words.dropFirst(3).prefix(Int(words[2]) ?? 0))
        case "XREAD", "XREADGROUP":
            let rest = words.drop { $0 != "STREAMS" }.dropFirst()
            return Array(rest.prefix(rest.count / 2))
        default: return [words[1]]
        }
    }
}
