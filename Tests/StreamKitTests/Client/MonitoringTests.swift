import LocalRedis
import Logging
import MetricsTestKit
import StreamKit
import Synchronization
import TestSupport
import Testing

@Suite("What monitoring sees")
struct MonitoringTests {
    @Test func `commands, errors and durations are counted`() async throws {
        let metrics = TestMetrics()
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.metrics = metrics
        try await withRedis(configuration) { redis in
            _ = try await redis.send("PING")
            _ = try? await redis.send("NONSENSE")
            _ = try await redis.pipeline { batch in
                for _ in 0..<10 { batch.add("PING") }
                batch.add("NONSENSE")
            }
            _ = try await redis.stream(scratchKey()).read(after: .zero, wait: .atMost(.milliseconds(5)))
        }

        #expect(try metrics.expectCounter("streamkit.commands").totalValue == 14)
        #expect(try metrics.expectCounter("streamkit.errors").totalValue == 2)
        // One for each command and one for the batch; a blocking read lasts as long as it waits.
        let durations = try metrics.expectTimer("streamkit.command.duration").values
        #expect(durations.count == 3 && durations.allSatisfy { $0 > 0 })
        #expect(try metrics.expectCounter("streamkit.reconnects").values.isEmpty)
    }

    @Test func `each command of a batch that got no reply is counted`() async throws {
        let metrics = TestMetrics()
        try await withScratchServer { server in
            var configuration = server.configuration.impatient
            configuration.observability.metrics = metrics
            await server.kill()
            try await withRedis(configuration) { redis in
                _ = try? await redis.pipeline { batch in
                    for _ in 0..<256 { batch.add("PING") }
                }
            }
        }

        #expect(try metrics.expectCounter("streamkit.commands").totalValue == 256)
        #expect(try metrics.expectCounter("streamkit.errors").totalValue == 256)
    }

    @Test func `a connection that comes back is counted and logged, without any payload`() async throws {
        let metrics = TestMetrics()
        let log = Log()
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.observability.metrics = metrics
            configuration.observability.logger = Logger(label: "test", factory: { _ in log })
            configuration.observability.logger.logLevel = .trace
            try await withRedis(configuration) { redis in
                try await redis.send("SET", "key", "a-payload")
                await server.kill()
                try await server.restart()
                try await eventually("it answers again") { (try? await redis.send("GET", "key")) != nil }
                _ = try? await redis.send("INCR", "a-payload", "too-many")
            }
        }

        #expect(try metrics.expectCounter("streamkit.reconnects").totalValue == 1)
        let lines = log.lines.withLock { $0 }
        #expect(lines.contains { $0.text.hasPrefix("connected") })
        #expect(lines.contains { $0.text.hasPrefix("disconnected") })
        #expect(lines.allSatisfy { $0.level <= .debug && !$0.text.contains("a-payload") })
    }
}

/// Keeps what is logged.
final class Log: LogHandler {
    let lines = Mutex<[(level: Logger.Level, text: String)]>([])

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append((event.level, "\(event.message) \(event.metadata ?? [:])")) }
    }
}
