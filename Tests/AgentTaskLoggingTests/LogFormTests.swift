import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

/// What the agent made by hand writes, read as the Python tutorial's reader does.
@Suite("The log that lesson 4 writes by hand", .timeLimit(.minutes(2)))
struct LogFormTests {
    @Test func `the tutorial's reader finds its fields in every entry, and an end in every log`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { server in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let demo = try await programs.start("agent-task-logging", "demo", "--keep", "--redis", url)
                #expect(await demo.end() == .exited(0), "\(demo.complained)")

                let logs = try await withRedis(server.configuration) { redis in
                    [
                        try await redis.stream("agent_logs:lesson4").entries(),
                        try await redis.stream("agent_logs:lesson4-missing").entries(),
                    ]
                }

                for entry in logs.joined() {
                    #expect(entry.fields.map(\.name) == ["event", "timestamp", "data"])
                    #expect(entry["timestamp"]?.contains(/^\d{10}\.\d+$/) == true)
                }
                let (good, failed) = (try logs[0].map(details), try logs[1].map(details))
                #expect(good.first?["task_id"] as? String == "lesson4" && good.first?["type"] != nil)
                #expect(good.last?["task_id"] as? String == "lesson4")
                #expect(good.last?["status"] as? String == "success")
                #expect(logs[0].compactMap { $0["event"] }.contains("progress"))
                #expect(failed.last?["status"] as? String == "failed")
                #expect(logs[1].compactMap { $0["event"] }.contains("error"))
                #expect(logs.map { $0.last?["event"] } == ["task_completed", "task_completed"])
            }
        }
    }

    private func details(_ entry: StreamEntry) throws -> [String: Any] {
        let data = try #require(entry["data"])
        return try #require(try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any])
    }
}
