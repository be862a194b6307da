import Logging
import ServiceLifecycle
import StreamKit
import TestSupport
import Testing

@Suite("A client as a service")
struct ServiceTests {
    @Test func `works until the graceful shutdown, and is closed by it`() async throws {
        let redis = Redis(try await TestServer.shared.configuration())
        let group = ServiceGroup(services: [redis], logger: Logger(label: "test"))
        async let running: Void = group.run()
        #expect(try await redis.send("PING").text == "PONG")

        await group.triggerGracefulShutdown()
        try await running

        await #expect(throws: StreamKitError.closed) { try await redis.send("PING") }
    }

    @Test func `is closed when its task is cancelled`() async throws {
        let redis = Redis(try await TestServer.shared.configuration())
        let running = Task { await redis.run() }
        #expect(try await redis.send("PING").text == "PONG")

        running.cancel()
        await running.value

        await #expect(throws: StreamKitError.closed) { try await redis.send("PING") }
    }

    @Test func `is still there while the services after it shut down`() async throws {
        let redis = Redis(try await TestServer.shared.configuration())
        let worker = LastWords(redis: redis, key: scratchKey())
        let group = ServiceGroup(services: [redis, worker], logger: Logger(label: "test"))
        async let running: Void = group.run()
        try await eventually("the worker runs") { try await redis.send("EXISTS", worker.key).integer == 1 }

        await group.triggerGracefulShutdown()
        try await running

        let last = try await withScratchRedis { try await $0.send("GET", worker.key).text }
        #expect(last == "bye")
    }
}

/// Writes to Redis when it starts and when it is shut down.
private struct LastWords: Service {
    let redis: Redis
    let key: String

    func run() async throws {
        try await redis.send("SET", key, "hello")
        try? await gracefulShutdown()
        try await redis.send("SET", key, "bye")
    }
}
