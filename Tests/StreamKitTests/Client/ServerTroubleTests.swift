import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("A server that fails")
struct ServerTroubleTests {
    @Test func `an address where nobody listens is named in the error`() async throws {
        try await withScratchServer { server in
            let port = try #require(server.port)
            await server.kill()

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: port)) { try await $0.send("PING") }
            }

            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test func `a key of another type is WRONGTYPE`() async throws {
        try await withScratchRedis { redis in
            let key = scratchKey()
            try await redis.send("SET", key, "a string")

            let error = await #expect(throws: StreamKitError.self) {
                try await redis.stream(key).append(["event": "one"])
            }

            #expect(error?.serverPrefix == "WRONGTYPE")
        }
    }
}
