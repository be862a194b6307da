import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import Setup

@Suite("The commands that the doctor asks about", .timeLimit(.minutes(3)))
struct CommandsOfLessonsTests {
    /// What connecting, looking at the server and optional parts need; the lessons run without these.
    private let optional = [
        "acl", "client", "command", "config", "hello", "info", "memory", "auth", "select", "cluster",
    ]

    @Test func `are all that the five lessons send`() async throws {
        try await withScratchServer { server in
            let url = "redis://127.0.0.1:\(try #require(server.port))"
            try await withPrograms { programs in
                for product in [
                    "basics", "setup", "queue-integration", "agent-task-logging", "streaming-to-users",
                ] {
                    let lesson = try await programs.start(product, "--quiet", "--redis", url)
                    #expect(await lesson.end() == .exited(0), "\(product): \(lesson.complained)")
                }
            }
            let counted = try await withRedis(server.configuration) { redis in
                try await redis.send("INFO", "commandstats").text ?? ""
            }

            let sent = Set(counted.matches(of: /cmdstat_([^:]+):/).map { String($0.output.1) })
            let known = Set(
                commandsOfLessons.flatMap { [$0[0], "\($0[0])|\($0[1...].first ?? "")"] }.map { $0.lowercased() })
            let unknown = sent.subtracting(known).filter { !optional.contains(String($0.prefix { $0 != "|" })) }
            #expect(unknown.sorted() == [])
        }
    }

    @Test func `are written as a server takes them`() async throws {
        try await withScratchRedis { redis in
            for command in commandsOfLessons {
                let answer = try await redis.send(["ACL", "DRYRUN", "default"] + command).text
                #expect(answer == "OK", "\(command)")
            }
        }
    }
}
