import LocalRedis
import FaultKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("A new connection")
struct IntroductionTests {
    @Test func `says user, database, name and library, and says it all again after each break`() async throws {
        try await withUser("on", ">secret", "~*", "+@all") { admin, server in
            var configuration = server
            configuration.credentials.password = "secret"
            (configuration.database, configuration.clientName) = (3, "kitchen")
            try await withRedis(configuration) { redis in
                let read = Task { try await redis.stream("s").read(after: .zero, wait: .forever) }
                var known: Set<Substring> = []
                for _ in 1...3 {
                    try await eventually("the shared and the blocking connection are there") {
                        _ = try? await redis.send("PING")
                        let lines = try await clients(named: "kitchen", admin)
                        return lines.count == 2 && lines.contains { $0.contains("cmd=xread") }
                            && known.isDisjoint(with: lines.compactMap(\.id))
                    }
                    let lines = try await clients(named: "kitchen", admin)
                    #expect(lines.allSatisfy { $0.contains(" user=ann ") && $0.contains(" db=3 ") }, "\(lines)")
                    // Redis 7.2 and later keep it.
                    #expect(lines.allSatisfy { !$0.contains("lib-name=") || $0.contains("lib-name=streamkit") })
                    known.formUnion(lines.compactMap(\.id))
                    try await admin.send("CLIENT", "KILL", "USER", "ann")
                }
                read.cancel()
            }
        }
    }

    @Test func `serves a user who is allowed nothing but the commands it sends`() async throws {
        try await withUser("on", ">secret", "~*", "+xadd", "+xrange", "+xread") { _, server in
            var configuration = server
            configuration.credentials.password = "secret"
            try await withRedis(configuration) { redis in
                let stream = redis.stream("s")
                let id = try await stream.append(["event": "one"])

                #expect(try await stream.entries().map(\.id) == [id])
                #expect(try await stream.read(after: .zero, wait: .forever).map(\.id) == [id])
                let error = await #expect(throws: StreamKitError.self) { try await stream.length() }
                #expect(error?.serverPrefix == "NOPERM")
            }
        }
    }

    @Test func `of a user without a password is that user's, and not the default one's`() async throws {
        try await withUser("on", "nopass", "~*", "+@all") { admin, server in
            let name = try await withRedis(server) { try await $0.send("ACL", "WHOAMI").text }
            try await admin.send("ACL", "SETUSER", "ann", "resetpass", ">secret")
            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(server) { try await $0.send("PING") }
            }

            #expect(name == "ann")
            #expect(error?.serverPrefix == "WRONGPASS")
        }
    }

    @Test func `to a server that accepts and says nothing is given up in time`() async throws {
        try await withScriptedServer { _ in
            .silence
        } _: { server in
            var configuration = RedisConfiguration(host: "127.0.0.1", port: server.port)
            configuration.timeouts.connect = .milliseconds(200)
            configuration.timeouts.command = .seconds(600)

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(configuration) { try await $0.send("PING") }
            }

            #expect(error?.description.contains("did not answer PING") == true, "\(error as Any)")
        }
    }

    @Test func `over TCP uses keep-alive, so that a lost network is noticed`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                try await redis.send("PING")
                let link = try #require(redis.shared.link)
                var (isOn, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
                #expect(getsockopt(link.descriptor, SOL_SOCKET, SO_KEEPALIVE, &isOn, &size) == 0)
                #expect(isOn != 0)
            }
        }
    }

    @Test func `is tried again at growing, uneven intervals of two seconds at most`() {
        for (attempt, longest) in [(1, 20), (2, 40), (3, 80), (8, 2_000), (100, 2_000)] {
            let pauses = (0..<100).map { _ in Duration.nanoseconds(Session.pause(afterFailures: attempt)) }
            let (limit, half) = (Duration.milliseconds(longest), Duration.milliseconds(longest / 2))
            #expect(pauses.allSatisfy { half <= $0 && $0 <= limit })
            #expect(Set(pauses).count > 50)
        }
    }

    /// Runs a test with a server that knows the ACL user `ann`, an administrator there, and how ann gets in.
    private func withUser(
        _ rules: String..., body: (_ admin: Redis, _ ann: RedisConfiguration) async throws -> Void
    ) async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { admin in
                try await admin.send(["ACL", "SETUSER", "ann", "reset"] + rules)
                var configuration = server.configuration
                configuration.credentials.username = "ann"
                try await body(admin, configuration)
            }
        }
    }

    private func clients(named name: String, _ admin: Redis) async throws -> [Substring] {
        let list = try await admin.send("CLIENT", "LIST").text ?? ""
        return list.split(separator: "\n").filter { $0.contains(" name=\(name) ") }
    }
}

extension Substring {
    /// The connection's ID, in a line of CLIENT LIST.
    fileprivate var id: Substring? { split(separator: " ").first { $0.hasPrefix("id=") } }
}
