import LocalRedis
import Foundation
import StreamKit
import TestSupport
import Testing

/// What the built program says about the queue, and about input that it cannot take.
@Suite("Status of lesson 3", .timeLimit(.minutes(2)))
struct StatusTests {
    @Test func `as JSON it is one line a time, and says what waits`() async throws {
        try await withLab { lab in
            try await lab.produce("--priority", "high")
            try await lab.produce("--delay", "600")
            let once = try await lab.run("status", "--json")
            #expect(await once.end() == .exited(0))

            let line = try #require(once.said.split(separator: "\n").first)
            #expect(once.said == line + "\n")
            let status = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(status["depth"] as? [String: Int] == ["high": 1, "normal": 0, "low": 0])
            #expect(status["delayed"] as? Int == 1)
            #expect(status["runningTasks"] is [Any])
        }
    }

    @Test func `a worker's name is shown whole, colons included`() async throws {
        try await withLab { lab in
            _ = try await lab.work(as: "team:blue:東京")
            try await lab.produce()
            try await eventually("the status names the worker") {
                let status = try await lab.run("status")
                _ = await status.end()
                return status.said.contains("by team:blue:東京\n")
            }
        }
    }

    @Test func `a worker's name cannot steer the terminal`() async throws {
        try await withLab { lab in
            try await lab.produce()
            _ = try await lab.redis.send("XGROUP", "CREATE", "lesson3:jobs", "workers", "0", "MKSTREAM")
            _ = try await lab.redis.send(
                "XREADGROUP", "GROUP", "workers", "evil\u{1B}[2J\nwaiting 0\u{9B}1m", "STREAMS", "lesson3:jobs", ">")

            let status = try await lab.run("status")

            #expect(await status.end() == .exited(0))
            #expect(status.said.contains(#"by evil\u{1B}[2J\nwaiting 0\u{9B}1m"#), "\(status.said)")
        }
    }

    @Test func `that cannot be written is an error`() async throws {
        try await withLab { lab in
            let full = try await lab.programs.shell(
                #"exec "$PRODUCTS/queue-integration" status >/dev/full"#, environment: ["REDIS_URL": lab.url])
            #expect(await full.end() == .exited(1))
        }
    }

    @Test func `watched through a pipe it has no escape sequences`() async throws {
        try await withLab { lab in
            let watch = try await lab.run("status", "--watch")
            try await eventually("it was shown twice") { watch.said.components(separatedBy: "waiting").count > 2 }
            watch.send(SIGINT)
            #expect(await watch.end() == .exited(130))
            #expect(!watch.said.contains("\u{1B}"))
        }
    }

    @Test func `watched while Redis is killed and restarted it says so, and goes on`() async throws {
        try await withLab(durable: true) { lab in
            try await lab.produce()
            let watch = try await lab.run("status", "--watch")
            try await watch.says("normal 1")
            await lab.server.kill()
            try await watch.says("Redis does not answer:\nCannot connect")
            try await lab.server.restart()
            try await eventually("the figures are back") {
                watch.said.components(separatedBy: "Redis does not answer").last?.contains("normal 1") == true
            }
        }
    }

    @Test(arguments: ["status", "work", "produce"])
    func `a key that holds a list ends it with the type and what to do`(command: String) async throws {
        try await withLab { lab in
            _ = try await lab.redis.send("LPUSH", "lesson3:jobs", "x")
            let program = try await lab.run(command)
            #expect(await program.end() == .exited(1))
            #expect(program.complained.contains("WRONGTYPE"))
            #expect(program.complained.contains("choose another key or delete it"))
        }
    }

    @Test(arguments: [
        ["frobnicate"], ["status"], ["status", "--redis", "nonsense"], ["produce", "--count", "0"],
        ["work", "--pace", "nan"], ["produce", "--queue", "list", "--priority", "high"],
    ])
    func `what cannot be meant is refused with the usage`(words: [String]) async throws {
        try await withPrograms { programs in
            let program = try await programs.start(["queue-integration"] + words)
            #expect(await program.end() == .exited(64))
            #expect(program.complained.contains("Usage: ") && program.complained.contains("queue-integration"))
        }
    }

    @Test func `clear leaves nothing behind`() async throws {
        try await withLab { lab in
            for queue in ["library", "stream", "list"] { try await lab.produce("--queue", queue) }
            try await lab.produce("--delay", "600")
            let worker = try await lab.work(as: "worker", pace: 0.1)
            try await worker.says("completed")
            worker.send(SIGINT)
            _ = await worker.end()

            let clear = try await lab.run("clear")

            #expect(await clear.end() == .exited(0))
            #expect(try await lab.redis.send("DBSIZE").integer == 0)
        }
    }
}
