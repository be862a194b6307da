import ArgumentParser
import StreamKit
import TestSupport
import Testing

@testable import LessonKit

@Suite("The keys of a lesson")
struct LessonKeysTests {
    private let screen = RecordingTerminal()

    @Test func `they are gone after the lesson, after a failed one too`() async throws {
        let key = scratchKey()
        try await withScratchRedis { redis in
            try await keys([key], redis).around(try LessonOptions.parse([])) {
                _ = try await redis.send("SET", key, "1")
            }
            #expect(try await redis.send("EXISTS", key).integer == 0)

            await #expect(throws: LessonProblem.self) {
                try await keys([key], redis).around(try LessonOptions.parse([])) {
                    _ = try await redis.send("SET", key, "1")
                    throw LessonProblem("half way")
                }
            }
            #expect(try await redis.send("EXISTS", key).integer == 0)
        }
    }

    @Test func `a key that was there before is refused and left as it was`() async throws {
        let (mine, theirs) = (scratchKey("mine"), scratchKey("theirs"))
        try await withScratchRedis { redis in
            _ = try await redis.send("SET", theirs, "precious")

            let problem = await #expect(throws: LessonProblem.self) {
                try await keys([mine, theirs], redis).around(try LessonOptions.parse([])) {
                    Issue.record("the lesson was played all the same")
                }
            }

            #expect(problem?.description.contains("DEL \(theirs)\n") == true)
            #expect(try await redis.send("GET", theirs).text == "precious")
        }
    }

    @Test func `with --keep they stay, and how to look at them is said`() async throws {
        let key = scratchKey()
        try await withScratchRedis { redis in
            try await keys([key + ":unused", key], redis).around(try LessonOptions.parse(["--keep"])) {
                _ = try await redis.send("SET", key, "1")
            }

            #expect(try await redis.send("DEL", key).integer == 1)
            #expect(screen.lines.contains { $0.contains("Kept: \(key).") })
        }
    }

    private func keys(_ names: [String], _ redis: Redis) -> LessonKeys {
        LessonKeys(
            names: names, server: LessonServer(configuration: redis.configuration, isPrivate: false), redis: redis,
            narrator: Narrator(terminal: screen.terminal(width: 200)))
    }
}
