import LocalRedis
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("The proxy that cuts connections")
struct CuttingProxyTests {
    @Test func `forwards both ways`() async throws {
        try await withProxiedRedis { redis, _ in
            let text = String(repeating: "x", count: 200_000)
            let reply = try await redis.send("ECHO", text)
            #expect(reply.text == text)
        }
    }

    @Test func `a cut ends what is in flight, and the client comes back`() async throws {
        try await withProxiedRedis { redis, proxy in
            _ = try await redis.send("PING")
            let before = proxy.acceptedConnections
            proxy.stall()
            async let stuck = redis.send("PING")
            try await eventually("the command is under way") { proxy.isHoldingBack }

            proxy.cutAll()
            proxy.resume()

            do {
                _ = try await stuck
                Issue.record("the command was answered over a connection that was cut")
            } catch is StreamKitError {}
            try await eventually("the client answers again") { await (try? redis.send("PING")) != nil }
            #expect(proxy.acceptedConnections > before)
        }
    }

    @Test func `a stalled connection goes on where it stopped`() async throws {
        try await withProxiedRedis { redis, proxy in
            _ = try await redis.send("PING")
            proxy.stall()
            async let held = redis.send("ECHO", "held")
            try await eventually("the command is under way") { proxy.isHoldingBack }
            proxy.resume()

            #expect(try await held.text == "held")
        }
    }
}

func withProxiedRedis<R>(_ body: (Redis, CuttingProxy) async throws -> R) async throws -> R {
    let port = try #require(try await TestServer.shared.server().port)
    return try await withCuttingProxy(to: port) { proxy in
        try await withRedis(RedisConfiguration(host: "127.0.0.1", port: proxy.port)) { try await body($0, proxy) }
    }
}
