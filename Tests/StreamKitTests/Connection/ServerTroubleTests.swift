import StreamKit
import TestSupport
import Testing

@Suite("Trouble with the server")
struct ServerTroubleTests {
    @Test func `nobody listening is an error that names the address`() async throws {
        try await withScratchServer { server in
            let port = try #require(server.port)
            await server.kill()

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: port)) { try await $0.send("PING") }
            }

            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test func `a wrong password is refused without showing it, the right one is let in`() async throws {
        try await withScratchServer(.init(extraArguments: ["--requirepass", "opensesame"])) { server in
            var configuration = server.configuration
            configuration.password = "guesswork"
            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(configuration) { try await $0.send("PING") }
            }
            await #expect(throws: StreamKitError.self) {
                try await withRedis(server.configuration) { try await $0.send("PING") }
            }
            configuration.password = "opensesame"
            let answer = try await withRedis(configuration) { try await $0.send("PING") }

            #expect(error?.description.contains("WRONGPASS") == true)
            #expect(error?.description.contains("guesswork") == false)
            #expect(answer.text == "PONG")
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

    @Test func `a server that is still loading is waited for or said to be loading`() async throws {
        let options = LocalRedis.Options(durable: true, extraArguments: ["--key-load-delay", "300"])
        try await withScratchServer(options) { server in
            try await withRedis(server.configuration) { redis in
                _ = try await redis.pipeline { batch in
                    for number in 0..<2_000 { batch.add("SET", "key:\(number)", "value") }
                }
            }
            try await server.restart(acceptsLoading: true)

            do {
                let answer = try await withRedis(server.configuration) { try await $0.send("GET", "key:1") }
                #expect(answer.text == "value")
            } catch let error as StreamKitError {
                #expect(error.description.contains("LOADING") || error.description.contains("loading"))
            }
        }
    }
}
