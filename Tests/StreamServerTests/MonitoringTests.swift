import Foundation
import AgentRuns
import Logging
import MetricsTestKit
import NIOHTTP1
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("What an operator sees", .timeLimit(.minutes(2)))
struct MonitoringTests {
    @Test func `viewers, events, bytes, lag and reads of the hub are counted`() async throws {
        let metrics = TestMetrics()
        var redisConfiguration = try await TestServer.shared.configuration()
        redisConfiguration.observability.metrics = metrics
        try await withRedis(redisConfiguration) { redis in
            var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
            configuration.names.queueKey = scratchKey("queue")
            try await withServer(redis, configuration) { server in
                let name = RandomID().uuid
                let stream = redis.stream("agent-stream:\(name)")
                try await stream.append(["text": "One "])
                async let watching = server.events("/api/agent/stream/\(name)")
                let viewers = { try? metrics.expectMeter("streamserver.viewers") }
                try await eventually("somebody watches") { viewers()?.lastValue == 1 }
                try await eventually("through the hub") {
                    (try? metrics.expectCounter("streamkit.hub.reads").totalValue) ?? 0 > 0
                }
                try await stream.append(["text": "two", "done": "true"])
                _ = try await watching

                try await eventually("nobody watches") { viewers()?.lastValue == 0 }
                #expect(try metrics.expectCounter("streamserver.events").totalValue == 2)
                #expect(try metrics.expectCounter("streamserver.bytes").totalValue > 20)
                #expect(try metrics.expectTimer("streamserver.lag").values.isEmpty == false)
                try await redis.send("DEL", stream.key)
            }
        }
    }

    @Test func `the log has a line for each request, without tokens and signatures`() async throws {
        let log = RecordingLog()
        try await withScratchRedis { redis in
            var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
            configuration.tokens = try AccessTokens(ann)
            configuration.names.queueKey = scratchKey("queue")
            try await withServer(redis, configuration, logger: Logger(label: "test") { _ in log }) { server in
                let id = try await server.ask("Go", as: ann)
                let link = try await server.send("/api/runs/\(id)/link", method: .POST, as: ann)
                let signature = try link.json("snapshot").components(separatedBy: "signature=")[1]
                _ = try await server.send(try link.json("snapshot") + "&isolation=live&token=\(ann)")
                _ = try await server.send("/nowhere?\(ann)")
                _ = try await server.send("/api/runs/\(id)", as: bob)

                let requests = log.lines.filter { $0.hasPrefix("info ") && $0.contains(" /") }
                let expected = [
                    "POST /api/agents/TravelPlanner/run 202", "POST /api/runs/\(id)/link 200",
                    "&signature=REDACTED&isolation=live&token=REDACTED 200", "GET /nowhere?REDACTED 404",
                    "GET /api/runs/\(id) 401",
                ]
                #expect(requests.count == expected.count, "\(requests)")
                for (line, words) in zip(requests, expected) { #expect(line.contains(words), "\(line)") }
                #expect(!log.lines.contains { line in [signature, ann, bob].contains(where: line.contains) })
            }
        }
    }
}
