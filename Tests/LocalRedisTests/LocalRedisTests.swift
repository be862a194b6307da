import Foundation
import StreamKit
import TestSupport
import Testing

@testable import LocalRedis

@Suite("A private redis-server")
struct LocalRedisTests {
    @Test func `answers on a unix socket that only this user may reach`() async throws {
        try await withLocalRedis { server in
            let answer = try await withRedis(server.configuration) { try await $0.send("PING") }

            let attributes = try FileManager.default.attributesOfItem(atPath: server.directory)
            #expect(answer.text == "PONG")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(server.port == nil)
        }
    }

    @Test func `answers on a port of its own if asked to, and only on the loopback`() async throws {
        try await withLocalRedis(options: .init(tcp: true)) { server in
            let port = try #require(server.port)
            let configuration = RedisConfiguration(host: "127.0.0.1", port: port)

            let bound = try await withRedis(configuration) { try await $0.send("CONFIG", "GET", "bind") }

            #expect(bound.elements?.last?.text == "127.0.0.1")
        }
    }

    @Test func `keeps nothing unless it is durable`() async throws {
        try await withLocalRedis { server in
            try await withRedis(server.configuration) { _ = try await $0.send("SET", "key", "value") }

            try await server.restart()

            let value = try await withRedis(server.configuration) { try await $0.send("GET", "key") }
            #expect(value.isNull)
        }
    }

    @Test func `loses no answered write to a kill -9 if it is durable`() async throws {
        try await withLocalRedis(options: .init(durable: true, tcp: true)) { server in
            let first = server.processID
            try await withRedis(server.configuration) { _ = try await $0.send("SET", "key", "value") }

            await server.kill()
            let whileDown = server.processID
            try await server.restart()

            let value = try await withRedis(server.configuration) { try await $0.send("GET", "key") }
            #expect(value.text == "value")
            #expect(whileDown == nil)
            #expect(server.processID != first)
        }
    }

    @Test func `is gone with its directory once stopped, and stopping twice is harmless`() async throws {
        let server = try await LocalRedis.start()
        let id = try #require(server.processID)

        await server.stop()
        await server.stop()

        #expect(!isRunning(id))
        #expect(!FileManager.default.fileExists(atPath: server.directory))
        await #expect(throws: StreamKitError.self) { try await server.restart() }
    }

    @Test func `is stopped when the body throws`() async throws {
        struct Failure: Error {}
        var directory = ""

        await #expect(throws: Failure.self) {
            try await withLocalRedis { server in
                directory = server.directory
                throw Failure()
            }
        }

        #expect(!directory.isEmpty && !FileManager.default.fileExists(atPath: directory))
    }

    @Test func `says in the server's own words why it did not start`() async throws {
        let error = await #expect(throws: StreamKitError.self) {
            try await LocalRedis.start(options: .init(extraArguments: ["--nonsense", "1"]))
        }

        // "Bad directive" and the words themselves; Redis 8 quotes only the words.
        #expect(error?.description.contains("nonsense") == true)
    }

    @Test func `refuses an argument with a zero byte instead of cutting it there`() async throws {
        let error = await #expect(throws: StreamKitError.self) {
            try await LocalRedis.start(options: .init(extraArguments: ["--requirepass", "secret\0more"]))
        }

        guard case .invalidInput(let text)? = error else { throw try #require(error) }
        #expect(text.contains("zero byte") && !text.contains("secret"))
    }

    @Test(arguments: ["/tmp/a\0b.sock", "/tmp/" + String(repeating: "x", count: 200)])
    func `refuses a path that no socket can have`(path: String) {
        #expect(throws: StreamKitError.self) { try LocalSocket.ping(path) }
    }

    @Test func `says which program was not found`() async throws {
        let error = await #expect(throws: StreamKitError.self) {
            try await LocalRedis.start(options: .init(binary: "/no/such/redis-server"))
        }

        #expect(error?.description.contains("/no/such/redis-server") == true)
    }

    @Test func `eight start at once and none disturbs another`() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await withLocalRedis(options: .init(tcp: true)) { server in
                        try await withRedis(server.configuration) { _ = try await $0.send("PING") }
                        return server.directory
                    }
                }
            }
            let directories = try await group.reduce(into: Set<String>()) { $0.insert($1) }
            #expect(directories.count == 8)
        }
    }
}
