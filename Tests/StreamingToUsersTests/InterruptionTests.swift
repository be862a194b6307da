import LocalRedis
import Foundation
import StreamKit
import TestSupport
import Testing

/// Ctrl-C and a request to terminate, on the built program.
///
/// "At once" is not measured: a program that has not ended after two seconds says so and exits the hard way.
@Suite("Interrupting lesson 5", .timeLimit(.minutes(2)))
struct InterruptionTests {
    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func `a server that is watched while a run is under way ends and leaves nothing`(
        signal: Int32, code: Int32
    ) async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0")
            let client = try await client(of: server)
            let conversation = try await client.ask("Plan a 7-day trip to Tokyo")
            let watching = try await programs.start(
                "streaming-to-users", "watch", conversation, "--server", client.server)
            try await watching.says("Tokyo")

            server.send(signal)

            #expect(await server.end() == .exited(code))
            #expect(!server.complained.contains("too long"))
            #expect(programs.leftovers == [])
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a server that nobody watches ends`(signal: Int32) async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0", "--no-worker")
            try await server.says("Open http://")
            server.send(signal)
            #expect(await server.end() == .exited(128 + signal))
            #expect(programs.leftovers == [])
        }
    }

    @Test func `a worker in the middle of a run ends, and the next one goes on`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { redis in
                let url = "redis://127.0.0.1:\(try #require(redis.port))"
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", url)
                let client = try await client(of: server)
                let first = try await programs.start("streaming-to-users", "work", "--redis", url)
                let conversation = try await client.ask("Plan a 1-day trip to Rome")
                let watching = try await programs.start(
                    "streaming-to-users", "watch", conversation, "--server", client.server)
                try await watching.says("Rome")

                first.send(SIGINT)
                #expect(await first.end() == .exited(130))
                #expect(!first.complained.contains("too long"))
                _ = try await programs.start("streaming-to-users", "work", "--redis", url)

                #expect(await watching.end() == .exited(0))
                #expect(watching.complained.contains("the worker before was shut down"))
                #expect(try await client.text(of: conversation).contains("Have a wonderful trip"))
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `viewers and the demo end at once`(signal: Int32) async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0")
            let client = try await client(of: server)
            let asking = try await programs.start(
                "streaming-to-users", "ask", "Plan a 7-day trip to Oslo", "--server", client.server)
            try await asking.says("Oslo")
            let conversation = try #require(asking.complained.firstMatch(of: /conversation (\S+)/)).1
            let watching = try await programs.start(
                "streaming-to-users", "watch", String(conversation), "--server", client.server)
            try await watching.says("Oslo")
            let demo = try await programs.start("streaming-to-users", "demo")
            try await demo.says("id: ")

            for program in [asking, watching, demo] { program.send(signal) }

            for program in [asking, watching, demo] { #expect(await program.end() == .exited(128 + signal)) }
        }
    }
}
