import StreamKit
import TestSupport
import Testing

@testable import LessonKit

@Suite("Showing commands and replies")
struct TraceTests {
    private let screen = RecordingTerminal()

    @Test func `a command is shown as typed, the reply as redis-cli prints it`() async throws {
        try await withTracedRedis(Narrator(terminal: screen.terminal())) { redis in
            _ = try await redis.send("XADD", "log", "1-0", "event", "task started")
            _ = try await redis.send("XRANGE", "log", "-", "+")
        }

        #expect(
            screen.lines == [
                "  redis> XADD log 1-0 event \"task started\"",
                "  \"1-0\"",
                "  redis> XRANGE log - +",
                "  1) 1) \"1-0\"",
                "     2) 1) \"event\"",
                "        2) \"task started\"",
                "",
            ])
    }

    @Test func `an error of the server is shown where its reply would be`() async throws {
        try await withTracedRedis(Narrator(terminal: screen.terminal())) { redis in
            _ = try await redis.send("SET", "text", "hello")
            await #expect(throws: StreamKitError.self) { try await redis.send("XLEN", "text") }
        }

        #expect(screen.lines.contains { $0.hasPrefix("  (error) WRONGTYPE") })
    }

    @Test func `a long reply is cut, and the rest of it counted`() async throws {
        let key = scratchKey()
        try await withTracedRedis(Narrator(terminal: screen.terminal())) { redis in
            _ = try await redis.send(["RPUSH", key] + (1...30).map { "element-\($0)" })
            _ = try await redis.send("LRANGE", key, "0", "-1")
        }

        let reply = screen.lines.drop { !$0.contains("LRANGE") }.dropFirst()
        #expect(reply.count == 16 + 1 + 1)
        #expect(reply.dropLast().suffix(2) == ["  16) \"element-16\"", "  … 14 more lines"])
    }

    @Test func `what continues an element stands below its text`() async throws {
        try await withTracedRedis(Narrator(terminal: screen.terminal(width: 24))) { redis in
            _ = try await redis.send("EVAL", "return {'a', {'one two three four'}}", "0")
        }

        #expect(screen.lines.suffix(4) == ["  1) \"a\"", "  2) 1) \"one two three", "         four\"", ""])
    }

    @Test func `housekeeping and untraced commands are not shown`() async throws {
        let narrator = Narrator(terminal: screen.terminal())
        try await withTracedRedis(narrator) { redis in
            _ = try await redis.send("CLIENT", "GETNAME")
            try await narrator.untraced { _ = try await redis.send("PING") }
        }

        #expect(screen.lines == [""])
    }

    @Test func `a delayed trace shows its commands when it is told to`() async throws {
        let narrator = Narrator(terminal: screen.terminal())
        let delayed = narrator.delayedTrace(as: "viewer")
        try await withScratchRedis { scratch in
            var configuration = scratch.configuration
            configuration.observability.trace = delayed.trace
            try await withRedis(configuration) { _ = try await $0.send("ECHO", "hello") }
        }
        #expect(screen.lines == [""])

        delayed.show()

        #expect(screen.lines == ["  viewer> ECHO hello", "  \"hello\"", ""])
    }

    @Test func `an announced command is not shown again with its reply`() async throws {
        let narrator = Narrator(terminal: screen.terminal())
        let delayed = narrator.delayedTrace(as: "viewer")
        try await withScratchRedis { scratch in
            var configuration = scratch.configuration
            configuration.observability.trace = delayed.trace
            try await withRedis(configuration) { redis in
                delayed.announce("ECHO", "hello")
                delayed.show()
                _ = try await redis.send("ECHO", "hello")
                _ = try await redis.send("ECHO", "another")
            }
        }
        #expect(screen.lines == ["  viewer> ECHO hello", ""])

        delayed.show()

        let answers = ["  viewer> (the answer)", "  \"hello\"", "  viewer> ECHO another", "  \"another\"", ""]
        #expect(screen.lines == ["  viewer> ECHO hello"] + answers)
    }

    private func withTracedRedis(_ narrator: Narrator, _ body: (Redis) async throws -> Void) async throws {
        try await withScratchRedis { scratch in
            var configuration = scratch.configuration
            configuration.observability.trace = narrator.trace
            try await withRedis(configuration) { try await body($0) }
        }
    }
}
