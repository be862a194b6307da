import Foundation
import LocalRedis
import Logging
import NIOHTTP1
import StreamKit
import Synchronization
import TestSupport
import Testing

@testable import StreamServer

@Suite("What the log says when Redis refuses")
struct RefusalTests {
    private let run = "/api/agents/TravelPlanner/run"
    private let plain = ["Content-Type": "text/plain"]

    @Test func `Redis out of memory is a 503, and the log says why`() async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                let log = RecordingLog()
                let configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
                try await withServer(redis, configuration, logger: Logger(label: "test") { _ in log }) { server in
                    let path = "/api/agent/stream/" + (try await server.ask("Go"))
                    _ = try await server.events(path)
                    _ = try await redis.send("CONFIG", "SET", "maxmemory", "1")

                    let refused = try await server.send(run, method: .POST, headers: plain, body: Array("Go".utf8))

                    #expect(refused.status == 503 && refused.text.contains("redis_full"), "\(refused.text)")
                    #expect(refused.headers.contains(name: "Retry-After"))
                    #expect(log.lines.contains { $0.contains("OOM") && $0.contains(run) }, "\(log.lines)")
                }
            }
        }
    }

    @Test func `the log says what a 500 promises it says`() async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                let log = RecordingLog()
                let configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
                try await withServer(redis, configuration, logger: Logger(label: "test") { _ in log }) { server in
                    let path = "/api/agent/stream/" + (try await server.ask("Go"))
                    _ = try await server.events(path)
                    _ = try await redis.send("ACL", "SETUSER", "default", "-xinfo", "-exists")

                    let failed = try await server.send(path)

                    #expect(failed.status == 500 && failed.text.contains("log says"), "\(failed.text)")
                    #expect(log.lines.contains { $0.contains("NOPERM") && $0.contains(path) }, "\(log.lines)")
                }
            }
        }
    }
}

/// Keeps what is logged.
final class RecordingLog: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock(\.self) }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
