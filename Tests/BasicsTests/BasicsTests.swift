import LocalRedis
import StreamKit
import TestSupport
import Testing

/// Lesson 1 as a learner sees it, and its exercises.
@Suite("Lesson 1", .timeLimit(.minutes(2)))
struct BasicsTests {
    @Test func `the viewer's XREAD stands before the XADD that answers it`() async throws {
        let lines = try await play("basics", "--quiet")

        let asked = try #require(lines.firstIndex { $0.contains("viewer> XREAD BLOCK 5000") })
        let appended = try #require(lines.firstIndex { $0.contains("event task_completed") })
        let answered = try #require(lines.firstIndex { $0.contains("viewer> (the answer)") })
        #expect(asked < appended && appended < answered)
        #expect(lines[answered + 1].contains("lesson1:agent-log"))
    }

    @Test func `each XREAD and XRANGE that goes on begins at an ID that was seen before`() async throws {
        let lines = try await play("basics", "--quiet")

        for line in lines where line.contains("XREAD BLOCK") || line.contains("XRANGE lesson1:agent-log (") {
            let id = try #require(line.firstMatch(of: /\d{13}-\d+/)?.output)
            let before = lines.prefix { $0 != line }
            #expect(before.contains { $0.contains(id) }, "\(line)")
        }
    }

    @Test func `all words of a command are on the screen, on a narrow one too`() async throws {
        let lines = try await play("basics", "--quiet", environment: ["COLUMNS": "30"])

        let words = lines.flatMap { $0.split(separator: " ") }
        for word in ["lesson1:agent-log", "chain_of_thought", "XREADGROUP", "task_completed"] {
            #expect(words.contains(Substring(word)))
        }
    }

    @Test func `two consumers of the group get different entries, and only bob's stay pending`() async throws {
        try await withScratchServer { server in
            try await withPrograms { programs in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let lesson = try await programs.start("basics", "--keep", "--redis", url)
                #expect(await lesson.end() == .exited(0), "\(lesson.complained)")

                try await withRedis(server.configuration) { redis in
                    let log = redis.stream("lesson1:agent-log")
                    let pending = try await log.group("reviewers").pending()
                    let ids = try await log.entries().map(\.id)
                    #expect(pending.perConsumer.map(\.name) == ["bob"])
                    #expect([pending.lowest, pending.highest] == [ids[2], ids[3]])
                }
                #expect(lesson.said.contains("2 entries of bob's are still pending."))
            }
        }
    }

    private func play(_ words: String..., environment: [String: String] = [:]) async throws -> [String] {
        try await withPrograms { programs in
            let lesson = try await programs.start(words, environment: environment)
            #expect(await lesson.end() == .exited(0), "\(lesson.complained)")
            return lesson.said.split(separator: "\n").map(String.init)
        }
    }
}
