import FaultKit
import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("A session")
struct SessionTests {
    @Test func `keeps a command's deadline while name resolution hangs`() async throws {
        var configuration = RedisConfiguration(host: "localhost")
        configuration.timeouts.command = .milliseconds(200)
        let session = Session(configuration) { _, _ in }

        let error = await #expect(throws: StreamKitError.self) {
            try await session.send(timeout: session.commandTimeout) { $0.beginCommand("PING", arguments: 1) }
        }
        session.close()

        guard case .cannotConnect = error else {
            Issue.record("not that it could not connect, but: \(error as Any)")
            return
        }
    }

    @Test func `closes a socket that connects after the session has ended, and is freed`() async throws {
        try await withScratchServer { server in
            let held = Mutex<(@Sendable () -> Void)?>(nil)
            let session = Session(server.configuration) { configuration, done in
                Connector.connect(configuration) { result in held.withLock { $0 = { done(result) } } }
            }
            let command = Task {
                try await session.send(timeout: nil) { $0.beginCommand("PING", arguments: 1) }.single()
            }
            try await eventually("the socket is there") { held.withLock { $0 != nil } }

            session.close()
            held.withLock { $0?() }
            held.withLock { $0 = nil }

            await #expect(throws: StreamKitError.closed) { try await command.value }
            #expect(IOThread.shared.sessions.withLock { $0[session.number] == nil })
            try await withRedis(server.configuration) { redis in
                try await eventually("no connection is left but this one") {
                    try await redis.send("CLIENT", "LIST").text?.split(separator: "\n").count == 1
                }
            }
        }
    }

    @Test func `is not hit by the UNBLOCK for its last user`() async throws {
        try await withScratchServer { server in
            try await withCuttingProxy(to: try #require(server.port)) { proxy in
                let pool = BlockingSessions(server.configuration)
                let shared = Session(RedisConfiguration(host: "127.0.0.1", port: proxy.port))
                try await withRedis(server.configuration) { redis in
                    defer {
                        pool.close()
                        shared.close()
                    }
                    func pop(_ key: String) async throws -> Reply {
                        try await pool.send(wait: .forever, unblockingWith: shared) { buffer in
                            buffer.beginCommand("BLPOP", arguments: 3)
                            buffer.argument(key)
                            buffer.argument("0")
                        }.single()
                    }
                    _ = try await shared.send(timeout: nil) { $0.beginCommand("PING", arguments: 1) }
                    let first = Task { try await pop("first") }
                    try await eventually("it waits") { try await redis.blockedClients() == 1 }

                    proxy.stall()
                    first.cancel()
                    await #expect(throws: CancellationError.self) { try await first.value }
                    try await eventually("the UNBLOCK is under way") { proxy.isHoldingBack }
                    try await redis.send("RPUSH", "first", "x")
                    let second = Task { try await pop("second") }
                    try await eventually("the next one waits") { try await redis.blockedClients() == 1 }
                    proxy.resume()
                    _ = try await shared.send(timeout: nil) { $0.beginCommand("PING", arguments: 1) }
                    try await redis.send("RPUSH", "second", "y")

                    #expect(try await second.value.elements?.last?.text == "y")
                }
            }
        }
    }

    @Test func `is kept by each of forty readers, instead of one for each read`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let stream = redis.stream("s")
                try await withThrowingTaskGroup { group in
                    for _ in 0..<40 {
                        group.addTask {
                            for _ in 0..<10 {
                                _ = try await stream.read(after: .maximum, wait: .atMost(.milliseconds(5)))
                            }
                        }
                    }
                    try await group.waitForAll()
                }

                let stats = try await redis.send("INFO", "stats").text ?? ""
                let line = stats.split(whereSeparator: \.isNewline).first {
                    $0.hasPrefix("total_connections_received:")
                }
                let connections = try #require(line?.split(separator: ":").last.flatMap { Int($0) })
                // The connections with which LocalRedis saw that the server is up come on top.
                #expect(connections <= 40 + 5)
            }
        }
    }

    @Test func `is not asked again at once by a server that does not wait`() async throws {
        let asked = Atomic<Int>(0)
        try await withScriptedServer { words in
            guard words[0] == "XREAD" else { return .greeting(words) }
            asked.wrappingAdd(1, ordering: .relaxed)
            return .bytes(Array("*-1\r\n".utf8))
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                let entries = try await redis.stream("s").read(after: .zero, wait: .atMost(.seconds(1)))
                #expect(entries.isEmpty)
            }
        }
        // 10 ms and more, doubled each time.
        #expect(asked.load(ordering: .relaxed) <= 12)
    }
}
