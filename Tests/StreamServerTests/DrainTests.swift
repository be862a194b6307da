import AgentRuns
import Foundation
import ServerSentEvents
import NIOHTTP1
import ServiceLifecycle
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("A server that is told to stop", .timeLimit(.minutes(2)))
struct DrainTests {
    /// A server without a worker, and what tells it to stop.
    private func withStoppableServer(
        _ redis: Redis, drainTime: Duration = .zero, _ body: (RunningServer, ServiceGroup) async throws -> Void
    ) async throws {
        var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
        configuration.names.queueKey = scratchKey("queue")
        configuration.drainTime = drainTime
        let (ports, announce) = AsyncStream<Int>.makeStream()
        let server = StreamServer(redis: redis, configuration: configuration, logger: silentLogger) {
            announce.yield($0)
        }
        let group = ServiceGroup(services: [server], logger: silentLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            defer { tasks.cancelAll() }
            let port = try #require(await ports.first { _ in true })
            let queue = AgentRuns(redis: redis, names: configuration.names).queue
            try await body(RunningServer(redis: redis, port: port, queue: queue), group)
        }
    }

    @Test func `while it drains it refuses new runs, says that it is not ready, and serves viewers`() async throws {
        try await withScratchRedis { redis in
            try await withStoppableServer(redis, drainTime: .seconds(600)) { server, group in
                let id = try await server.ask("Go")
                #expect(try await server.send("/api/ready").status == 200)

                await group.triggerGracefulShutdown()

                try await eventually("it is not ready any more") { try await server.send("/api/ready").status == 503 }
                let refused = try await server.send(
                    "/api/agents/TravelPlanner/run", method: .POST, headers: ["Content-Type": "text/plain"],
                    body: Array("Go".utf8))
                #expect(refused.status == 503 && refused.text.contains("shutting_down"))
                #expect(refused.headers.contains(name: "Retry-After"))
                #expect(try await server.send("/api/live").status == 200)
                #expect(try await server.events("/api/agent/stream/\(id)?events=all", count: 1).count == 1)
                #expect(try await server.send("/api/runs/\(id)/cancel", method: .POST).status == 202)
            }
        }
    }

    @Test func `a viewer gets a clean end, and goes on by cursor at another server`() async throws {
        try await withScratchRedis { redis in
            let name = RandomID().uuid
            let stream = redis.stream("agent-stream:\(name)"), path = "/api/agent/stream/\(name)"
            let first = try await stream.append(["text": "One "])
            try await withStoppableServer(redis) { server, group in
                let viewer = try RawConnection(port: server.port)
                await viewer.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                _ = await viewer.read(until: "One ")

                await group.triggerGracefulShutdown()

                let rest = await viewer.readAll()
                #expect(rest.hasSuffix("0\r\n\r\n") && !rest.contains("event:"), "\(rest)")
            }
            try await stream.append(["text": "two", "done": "true"])
            try await withStoppableServer(redis) { server, _ in
                let events = try await server.events(path, headers: ["Last-Event-ID": "\(first)"])
                #expect(events.map(\.data) == ["two", "[DONE]"])
            }
            try await redis.send("DEL", stream.key)
        }
    }
}
