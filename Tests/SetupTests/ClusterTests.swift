import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("Lessons on a cluster of one node", .timeLimit(.minutes(3)))
struct ClusterTests {
    @Test(arguments: ["basics", "setup", "queue-integration", "agent-task-logging", "streaming-to-users"])
    func `a lesson runs, and leaves no key behind`(product: String) async throws {
        try await withCluster { server, url, programs in
            let lesson = try await programs.start(product, "--quiet", "--redis", url)

            #expect(await lesson.end() == .exited(0), "\(lesson.complained)")
            #expect(try await keys(of: server) == [])
        }
    }

    @Test func `the clean-up command that a lesson prints removes what --keep left`() async throws {
        try await withCluster { server, url, programs in
            _ = await (try await programs.start("basics", "--keep", "--redis", url)).end()
            #expect(try await keys(of: server).count == 1)
            try await withRedis(server.configuration) { _ = try await $0.send("LPUSH", "lesson1:tasks", "left") }

            let refused = try await programs.start("basics", "--redis", url)
            #expect(await refused.end() == .exited(1))
            let start = try #require(refused.complained.range(of: "remove it: "))
            let command = refused.complained[start.upperBound...].prefix { $0 != "\n" }
            let shell = try await programs.shell(String(command))

            #expect(await shell.end() == .exited(0), "\(shell.complained)")
            #expect(try await keys(of: server) == [])
        }
    }

    private func withCluster(_ body: (LocalRedis, String, Programs) async throws -> Void) async throws {
        try await withScratchServer(.init(tcp: true, extraArguments: ["--cluster-enabled", "yes"])) { server in
            try await formCluster(server)
            try await withPrograms { programs in
                try await body(server, "redis://127.0.0.1:\(try #require(server.port))", programs)
            }
        }
    }

    private func keys(of server: LocalRedis) async throws -> [String] {
        try await withRedis(server.configuration) { redis in
            try await redis.send("KEYS", "*").elements?.compactMap(\.text) ?? []
        }
    }
}
