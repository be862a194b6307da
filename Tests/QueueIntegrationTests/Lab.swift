import LocalRedis
import StreamKit
import TestSupport
import Testing

/// The lesson's three terminals on a server of their own.
struct Lab: Sendable {
    let programs: Programs
    let server: LocalRedis
    let redis: Redis
    let url: String

    /// A slow worker can be stopped in the middle of a step, however busy the machine is.
    func work(as name: String, pace: Double = 10) async throws -> Program {
        let worker = try await run("work", "--name", name, "--pace", "\(pace)")
        try await worker.says("Ctrl-C ends it")
        return worker
    }

    func produce(_ options: String...) async throws {
        let producer = try await programs.start(
            ["queue-integration", "produce", "--count", "1", "--redis", url] + options)
        #expect(await producer.end() == .exited(0), "\(producer.complained)")
    }

    func run(_ words: String...) async throws -> Program {
        try await programs.start(["queue-integration"] + words + ["--redis", url])
    }

    func status() async throws -> TaskQueueStatus {
        try await TaskQueue<String>(redis: redis, key: "lesson3:jobs", group: "workers").status()
    }

    /// Whether a task's log began that long ago, by the server's clock.
    func isOver(_ duration: Duration, sinceLogOf task: Int) async throws -> Bool {
        let first = try #require(try await redis.stream("{lesson3:jobs}:task_logs:\(task)").entries(limit: 1).first)
        let seconds = try #require(try await redis.send("TIME").elements?.first?.text.flatMap { Double($0) })
        return seconds - Double(first.id.milliseconds) / 1_000 > duration / .seconds(1)
    }

    /// Attempt and step of what one worker wrote about a task.
    func log(ofTask task: Int, by worker: String) async throws -> [String] {
        try await redis.stream("{lesson3:jobs}:task_logs:\(task)").entries()
            .filter { $0["worker"] == worker }
            .map { entry in
                let step = [entry["event"], entry["step"]].compactMap(\.self).joined(separator: " ")
                return "\(entry["attempt"] ?? ""): \(step)"
            }
    }
}

func withLab(durable: Bool = false, _ body: (Lab) async throws -> Void) async throws {
    try await withPrograms { programs in
        try await withScratchServer(.init(durable: durable, tcp: true)) { server in
            try await withRedis(server.configuration) { redis in
                let port = try #require(server.port)
                try await body(Lab(programs: programs, server: server, redis: redis, url: "redis://127.0.0.1:\(port)"))
            }
        }
    }
}
