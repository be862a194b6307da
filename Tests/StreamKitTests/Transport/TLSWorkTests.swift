#if TLS
@testable import LocalRedis
import FaultKit
import TestSupport
import Testing

@testable import StreamKit

@Suite("TLS at work")
struct TLSWorkTests {
    private let certificates: TestCertificates
    private let port: Int

    init() throws {
        certificates = try TestCertificates.shared.get()
        port = try #require(LocalSocket.freePort())
    }

    @Test func `64 tasks share one connection`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                try await withThrowingTaskGroup { group in
                    for task in 0..<64 {
                        group.addTask {
                            for number in 0..<100 {
                                let text = "\(task):\(number)"
                                try await echo(text, by: redis)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func `commands and replies larger than records and socket buffers arrive whole`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                let large = String(repeating: "0123456789abcdef", count: 512 << 10)
                try await withThrowingTaskGroup { group in
                    for number in 0..<6 {
                        group.addTask { try await echo(large + String(number), by: redis) }
                        group.addTask { try await echo("small", by: redis) }
                    }
                    try await group.waitForAll()
                }
                let results = try await redis.pipeline { batch in
                    for number in 0..<5_000 { batch.append(["n": "\(number)"], to: "stream") }
                }
                #expect(results.count == 5_000)
                let entries = try await redis.stream("stream").entries()
                #expect(entries.last?["n"] == "4999")
            }
        }
    }

    @Test func `a blocking read gets what comes, and can be cancelled`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                let stream = redis.stream("stream")
                let cancelled = Task { try await stream.read(after: .zero, wait: .forever) }
                try await eventually("it blocks") {
                    try await redis.send("INFO", "clients").text?.contains("blocked_clients:1") == true
                }
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }

                async let entries = stream.read(after: .zero, wait: .forever)
                let id = try await stream.append(["n": "1"])
                #expect(try await entries.map(\.id) == [id])
            }
        }
    }

    @Test func `a killed server is found again, and commands go on`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                for _ in 0..<3 {
                    _ = try await redis.send("PING")
                    await tls.server.kill()
                    try await tls.server.restart()
                    try await eventually("it answers again") { (try? await redis.send("PING")) != nil }
                }
            }
        }
    }

    @Test func `a follower misses and repeats nothing while sockets are cut within records`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withCuttingProxy(to: tls.port) { proxy in
                var throughProxy = tls.configuration
                throughProxy.endpoint = .tcp(host: "localhost", port: proxy.port)
                try await withRedis(tls.configuration) { direct in
                    _ = try await direct.pipeline { batch in
                        for number in 0..<2_000 { batch.append(["n": "\(number)"], to: "stream") }
                    }
                }
                // The cut comes after the handshake, so that each connection brings something.
                proxy.cutNewConnections(afterReplyBytes: 6_000...40_000)
                try await withRedis(throughProxy) { redis in
                    var seen: [String?] = []
                    for try await entry in redis.stream("stream").follow(after: .beginning).prefix(2_000) {
                        seen.append(entry["n"])
                    }
                    #expect(seen == (0..<2_000).map { "\($0)" })
                    #expect(proxy.acceptedConnections > 2)
                }
            }
        }
    }

    private func echo(_ text: String, by redis: Redis) async throws {
        let answer = try await redis.send("ECHO", text)
        #expect(answer.text == text)
    }
}
#endif
