import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("Lessons on a server that is not theirs", .timeLimit(.minutes(2)))
struct LeftoverKeysTests {
    @Test(arguments: ["basics", "setup", "queue-integration", "agent-task-logging", "streaming-to-users"])
    func `a lesson takes every key that it made away with it`(product: String) async throws {
        try await withPrograms { programs in
            try await withScratchServer { server in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let lesson = try await programs.start(product, "--quiet", "--redis", url)

                #expect(await lesson.end() == .exited(0))

                let left = try await withRedis(server.configuration) { redis in
                    try await redis.send("KEYS", "*").elements?.compactMap(\.text)
                }
                #expect(left == [])
            }
        }
    }
}
