import AgentRuns
import LocalRedis
import StreamKit
import TestSupport
import Testing

/// What `run` and `replay` print of runs that go wrong, or that other programs wrote.
@Suite("Printing runs in lesson 4", .timeLimit(.minutes(2)))
struct RunTests {
    @Test func `the answer appears while it is written, not line by line`() async throws {
        try await withPrograms { programs in
            let run = try await programs.start("agent-task-logging", "run", "Plan a 1-day trip to Rome")
            try await eventually("half a line of the answer is there") {
                run.said.split(separator: "\n", omittingEmptySubsequences: false).last?.hasPrefix("  │ ") == true
            }
        }
    }

    @Test func `a run that another attempt takes over ends the program, which says why`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { server in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let run = try await programs.start(
                    "agent-task-logging", "run", "Plan a 7-day trip to Rome", "--redis", url)
                try await run.says("│")
                let conversation = String(try #require(run.said.firstMatch(of: /Conversation (\S+)/)).1)
                try await withRedis(server.configuration) { redis in
                    let log = RunLog(redis: redis, conversationID: conversation)
                    let state = try await redis.send("HGET", log.stateKey, "correlation:1").text
                    let request = RunRequest(
                        conversationID: conversation, correlationID: try #require(state), agent: "TravelPlanner",
                        message: "Plan a 7-day trip to Rome")
                    _ = try await log.begin(request, token: 2)
                }

                #expect(await run.end() == .exited(1))
                #expect(run.complained.contains("attempt 2 has taken this run over"))
            }
        }
    }

    @Test func `replay prints the last line of a run that died in the middle of it`() async throws {
        let said = try await replay { redis in
            let log = RunLog(redis: redis, conversationID: "dead")
            let request = RunRequest(
                conversationID: "dead", correlationID: "1", agent: "TravelPlanner", message: "Plan a trip")
            try await log.accept(request)
            let writer = try await log.begin(request, token: 1)
            for words in ["A line.\n", "Half a ", "sente"] { try await writer.append(.text, text: words) }
        }
        #expect(said.contains("  │ A line.\n  │ Half a sente\n"))
        #expect(said.contains("The log stops here: the run has not ended."))
    }

    @Test func `the last words count when they stand in the entry that ends the run`() async throws {
        let said = try await replay { redis in
            _ = try await redis.send("XADD", "agent-stream:dead", "*", "text", "Ready ")
            _ = try await redis.send("XADD", "agent-stream:dead", "*", "text", "to go.", "done", "true")
        }
        #expect(said.contains("  │ Ready to go.\n"))
        #expect(!said.contains("The log stops here"))
    }

    @Test func `escape sequences in a log do not reach the terminal`() async throws {
        let said = try await replay { redis in
            for event in ["text", "data", "error"] {
                _ = try await redis.send("XADD", "agent-stream:dead", "*", event, "a\u{1B}[2J\u{9B}31mb \u{7} end")
            }
        }
        #expect(said.contains("end"))
        #expect(!said.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
    }

    /// What `replay` prints of the conversation `dead`, which `write` has written.
    private func replay(_ write: @Sendable (Redis) async throws -> Void) async throws -> String {
        try await withPrograms { programs in
            try await withScratchServer { server in
                try await withRedis(server.configuration) { try await write($0) }
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let replay = try await programs.start("agent-task-logging", "replay", "dead", "--redis", url)
                #expect(await replay.end() == .exited(0), "\(replay.complained)")
                return replay.said
            }
        }
    }
}
