import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("What the server can do")
struct CapabilityTests {
    @Test func `agrees with the version that the server reports`() async throws {
        try await withScratchRedis { redis in
            let capabilities = try await redis.capabilities()

            let version = try #require(capabilities.version)
            #expect(capabilities.isKnown)
            #expect(["redis", "valkey"].contains(capabilities.product))
            if capabilities.product == "redis" {
                let numbers = version.split(separator: ".").compactMap { Int($0) }
                #expect(capabilities.supports(.acknowledgeAndDelete) == !numbers.lexicographicallyPrecedes([8, 2]))
                #expect(capabilities.supports(.claimingRead) == !numbers.lexicographicallyPrecedes([8, 4]))
                #expect(capabilities.supports(.idempotentAppend) == !numbers.lexicographicallyPrecedes([8, 6]))
            }
        }
    }

    @Test func `is asked once per connection`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                for _ in 0..<3 { _ = try await redis.capabilities() }
                #expect(try await calls(of: "command|info", on: redis) == 1)

                await server.kill()
                try await server.restart()
                _ = try? await redis.send("PING")
                for _ in 0..<3 { _ = try await redis.capabilities() }
                #expect(try await calls(of: "command|info", on: redis) == 1)
            }
        }
    }

    @Test func `is unknown, not wrong, to a user who is not allowed to ask`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                try await redis.send("ACL", "SETUSER", "ann", "on", "nopass", "~*", "+@all", "-command")
            }
            var configuration = server.configuration
            (configuration.credentials.username, configuration.credentials.password) = ("ann", "any")
            try await withRedis(configuration) { redis in
                let capabilities = try await redis.capabilities()
                #expect(!capabilities.isKnown && capabilities.features.isEmpty)

                let stream = redis.stream(scratchKey())
                let id = try await stream.appendOnce(["event": "one"], producer: "ann", message: "1")
                #expect(try await stream.appendOnce(["event": "one"], producer: "ann", message: "1") == id)
            }
        }
    }

    /// How often a command was called since the server's start, by INFO commandstats.
    private func calls(of command: String, on redis: Redis) async throws -> Int {
        let info = try await redis.send("INFO", "commandstats").text ?? ""
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):calls=") }
        return line.flatMap { Int($0.drop { $0 != "=" }.dropFirst().prefix { $0 != "," }) } ?? 0
    }
}
