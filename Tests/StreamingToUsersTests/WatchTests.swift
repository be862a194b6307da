import LocalRedis
import StreamKit
import TestSupport
import Testing

/// What `watch` and `serve` print, with the server of the lesson.
@Suite("What lesson 5 prints", .timeLimit(.minutes(2)))
struct WatchTests {
    @Test func `the last words are shown when they stand in the entry that ends the run`() async throws {
        let watch = try await watch { redis in
            _ = try await redis.send("XADD", "agent-stream:x", "*", "text", "come back ")
            _ = try await redis.send("XADD", "agent-stream:x", "*", "text", "to.", "done", "true")
        }
        #expect(watch.said == "come back to.\n")
    }

    @Test func `a whole answer of megabytes in one entry is shown`() async throws {
        let text = String(repeating: "word ", count: 400_000)
        let watch = try await watch { redis in
            _ = try await redis.send("XADD", "agent-stream:x", "*", "text", text, "done", "true")
        }
        #expect(watch.said == text + "\n")
    }

    @Test func `escape sequences in an answer or an event do not reach the terminal`() async throws {
        let watch = try await watch { redis in
            _ = try await redis.send("XADD", "agent-stream:x", "*", "text", "a\u{1B}[2Jb")
            _ = try await redis.send("XADD", "agent-stream:x", "*", "event", "progress", "data", "c\u{1B}[2Jd")
            _ = try await redis.send("XADD", "agent-stream:x", "*", "done", "true")
        }
        #expect(watch.said.contains("b") && watch.complained.contains("· progress: c [2Jd\n"))
        #expect(!(watch.said + watch.complained).contains("\u{1B}"))
    }

    @Test func `thoughts and tools stand apart from the answer`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0")
            let client = try await client(of: server)
            let ask = try await programs.start(
                "streaming-to-users", "ask", "Plan a 1-day trip to Rome", "--server", client.server)
            #expect(await ask.end() == .exited(0))

            for line in ["┌─ get_weather_forecast(Rome) ─", "│ sunny", "· I read the request"] {
                #expect(ask.complained.contains(line))
                #expect(!ask.said.contains(line))
            }
            #expect(ask.said.hasPrefix("# ✈️ Rome"))
            try await server.says("finished task")
            #expect(server.said.contains("took task") && server.said.contains("process \(server.id)."))
        }
    }

    @Test func `a command that the server's Redis refuses stands in the server's log`() async throws {
        try await withPrograms { programs in
            let renamed = ["EVAL", "EVALSHA"].flatMap { ["--rename-command", $0, "X\($0)"] }
            try await withScratchServer(.init(tcp: true, extraArguments: renamed)) { redis in
                let url = "redis://127.0.0.1:\(try #require(redis.port))"
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", url)
                let client = try await client(of: server)
                let ask = try await programs.start("streaming-to-users", "ask", "x", "--server", client.server)
                #expect(await ask.end() == .exited(1))
                #expect(ask.complained.contains("The server's log says which"))
                try await eventually("the log names the command") { server.complained.contains("EVALSHA") }
            }
        }
    }

    @Test func `a worker that cannot work ends the server and the demo, which say why`() async throws {
        try await withPrograms { programs in
            let renamed = ["EVAL", "EVALSHA"].flatMap { ["--rename-command", $0, "X\($0)"] }
            try await withScratchServer(.init(tcp: true, extraArguments: renamed)) { redis in
                let url = "redis://127.0.0.1:\(try #require(redis.port))"
                for words in [["serve", "--port", "0"], ["demo"], ["work"]] {
                    let program = try await programs.start(["streaming-to-users"] + words + ["--redis", url])
                    #expect(await program.end() == .exited(1))
                    #expect(program.complained.contains("EVALSHA"), "\(words)")
                }
            }
        }
    }

    @Test func `an IPv6 address stands in brackets in the URL`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--host", "::1", "--port", "0")
            try await eventually("it serves, or there is no IPv6 here") {
                server.said.contains("Open http://[::1]:") || server.complained.contains("Cannot listen on '::1'")
            }
        }
    }

    /// What `watch` prints of the conversation `x`, which `write` has written.
    private func watch(
        _ write: @Sendable (Redis) async throws -> Void
    ) async throws -> (said: String, complained: String) {
        try await withPrograms { programs in
            try await withScratchServer { local in
                try await withRedis(local.configuration) { try await write($0) }
                let url = "redis://127.0.0.1:\(try #require(local.port))"
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", url)
                let client = try await client(of: server)
                let watch = try await programs.start("streaming-to-users", "watch", "x", "--server", client.server)
                #expect(await watch.end() == .exited(0), "\(watch.complained)")
                return (watch.said, watch.complained)
            }
        }
    }
}
