import LocalRedis
import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("What lesson 5 is told that it should not be", .timeLimit(.minutes(2)))
struct BadInputTests {
    @Test(
        arguments: [
            (["ask", "x", "--server", "http://127.0.0.1:9"], 5, "Nothing answers at"),
            (
                ["watch", "x", "--server", "http://127.0.0.1:9"], 5,
                "Nothing answers at http://127.0.0.1:9 (Connection refused). To start"
            ),
            (["watch", "x", "--redis", "redis://127.0.0.1:1"], 5, "Cannot connect to Redis"),
            (["watch", "x", "--redis", "nonsense"], 64, "is not a Redis URL"),
            (["watch", "x", "--redis", "redis://h", "--cursor", "x"], 64, "use the id of an event"),
            (["watch", "x", "--redis", "redis://h", "--server", "http://h"], 64, "--redis or --server, not both"),
            (["watch", "x", "--json", "--timeline"], 64, "--timeline or --json, not both"),
            (["ask", "x", "--server", "nonsense"], 64, "write it like http://127.0.0.1:8080"),
            (["watch", "x", "--server", "ftp://a"], 64, "write it like http://127.0.0.1:8080"),
            (["serve", "--port", "70000"], 64, "a port is 0 to 65535"),
            (["serve", "--port=-1"], 64, "--port -1: a port is 0 to 65535"),
            (["by-hand", "--port", "70000"], 64, "--port 70000: a port is 0 to 65535"),
            (["serve", "--waiting-runs=-1"], 64, "--waiting-runs -1: how many prompts may wait is 0 or more"),
            (
                ["serve", "--waiting-runs-per-caller=-1"], 64,
                "--waiting-runs-per-caller -1: how many prompts of one caller may wait is 0 or more"
            ),
            (
                ["serve", "--connections-per-address=-1"], 64,
                "--connections-per-address -1: how many connections one address may have is 0 or more"
            ),
            (["serve", "--drain-seconds=-1"], 64, "--drain-seconds -1: give a number of seconds from 0 to 86400"),
            (
                ["serve", "--drain-seconds", "\(Int.max)"], 64,
                "--drain-seconds \(Int.max): give a number of seconds from 0 to 86400"
            ),
            (["serve", "--drain-seconds", "x"], 64, "The value 'x' is invalid for '--drain-seconds <drain-seconds>'"),
            (["serve", "--host", "no.such.host.invalid"], 1, "Cannot listen on"),
            (["serve", "--redis", "redis://127.0.0.1:1", "--port", "0"], 1, "Cannot connect to Redis"),
            (["work", "--redis", "redis://127.0.0.1:1"], 1, "Cannot connect to Redis"),
            (["work"], 64, "Say which Redis"),
            (["serve", "--model", "nonsense"], 64, "There is no model 'nonsense'"),
            (["serve", "--redis", "nonsense"], 64, "is not a Redis URL"),
        ] as [([String], Int32, String)])
    func `is answered with what to do`(words: [String], code: Int32, message: String) async throws {
        try await withPrograms { programs in
            let program = try await programs.start(["streaming-to-users"] + words)
            #expect(await program.end() == .exited(code))
            #expect(program.complained.contains(message), "\(program.complained)")
            #expect(!program.said.contains("Open http"))
        }
    }

    @Test(
        arguments: [
            (["CONTAINER_APP_NAME": "gateway"], "Set REDIS_HOST"),
            (["FUNCTIONS_CUSTOMHANDLER_PORT": "7071"], "Set REDIS_HOST"),
            (["FUNCTIONS_CUSTOMHANDLER_PORT": "x", "REDIS_URL": "$REDIS"], "FUNCTIONS_CUSTOMHANDLER_PORT is 'x'"),
            (["REDIS_USE_ENTRA_ID": "true"], "no Redis is named"),
            (["REDIS_USE_ENTRA_ID": "true", "REDIS_URL": "redis://h"], "without TLS"),
            (["REDIS_HOST": "localhost", "REDIS_PORT": "1"], "Cannot connect to Redis at redis://localhost:1"),
            (["REDIS_HOST": "h", "REDIS_USE_ENTRA_ID": "1", "IDENTITY_ENDPOINT": "x"], "IDENTITY_ENDPOINT is 'x'"),
            (
                [
                    "REDIS_HOST": "h", "REDIS_USE_ENTRA_ID": "1", "PATH": "/nonexistent",
                    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1",
                ], "There is no Azure identity here"
            ),
        ] as [([String: String], String)])
    func `a deployed server with wrong settings says what to set, and starts no Redis of its own`(
        settings: [String: String], message: String
    ) async throws {
        let redis = try await TestServer.shared.configuration().description
        try await withPrograms { programs in
            let program = try await programs.start(
                "streaming-to-users", "serve", environment: settings.mapValues { $0 == "$REDIS" ? redis : $0 })
            #expect(await program.end() == .exited(1))
            #expect(program.complained.contains(message), "\(program.complained)")
            #expect(programs.leftovers.isEmpty && program.said.isEmpty)
        }
    }

    @Test func `a server listens where the Functions host calls it`() async throws {
        try await withPrograms { programs in
            let redis = try await TestServer.shared.configuration().description
            let program = try await programs.start(
                "streaming-to-users", "serve",
                environment: ["FUNCTIONS_CUSTOMHANDLER_PORT": "0", "REDIS_CONNECTION_STRING": redis])
            try await program.says("Open http://127.0.0.1:")
            #expect(!program.said.contains(":8080"))
        }
    }

    @Test func `a viewer comes back by itself when its server does, and misses nothing`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { local in
                let url = "redis://127.0.0.1:\(try #require(local.port))"
                let first = try await programs.start("streaming-to-users", "serve", "--port", "0", "--redis", url)
                let old = try await client(of: first)
                let port = try #require(old.server.split(separator: ":").last).description
                let conversation = try await old.ask("Plan a 1-day trip to Rome")
                let watching = try await programs.start(
                    "streaming-to-users", "watch", conversation, "--server", old.server)
                try await watching.says("Rome")
                first.send(SIGKILL)
                _ = await first.end()
                try await eventually("the viewer tries again") { watching.complained.contains("trying again") }

                let second = try await programs.start("streaming-to-users", "serve", "--port", port, "--redis", url)
                let new = try await client(of: second)

                #expect(await watching.end() == .exited(0))
                let whole = try await new.text(of: conversation)
                // The killed server's worker had half said something, which the viewer shows and the log supersedes.
                #expect(watching.said.hasSuffix(whole))
            }
        }
    }
}
