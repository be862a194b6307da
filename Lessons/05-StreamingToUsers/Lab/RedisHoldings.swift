// What Redis holds: the streams, their groups and consumers, and the dead letters.
// Run:    ./lesson 5 serve --lab
// Expect: the table in the page's panel.

import AgentRuns
import StreamKit
import StreamServer

struct RedisHoldings {
    private(set) var streams: [LabReport.Stream] = []
    private(set) var deadLetters = 0
    /// More do not fit into a panel.
    private static let maximum = 24

    /// Looks through the whole server with SCAN: only for one that is the demo's own.
    init(of redis: Redis) async throws {
        deadLetters = try await redis.stream("{\(RunNames().queueKey)}:dead").length()
        for key in try await Self.keys(of: redis).sorted().reversed().prefix(Self.maximum) {
            let stream = redis.stream(key)
            var groups: [LabReport.Group] = []
            for group in try await redis.send("XINFO", "GROUPS", key).elements ?? [] {
                groups.append(try await Self.group(group, of: stream))
            }
            streams.append(.init(key: key, length: try await stream.length(), groups: groups))
        }
    }

    private static func keys(of redis: Redis) async throws -> [String] {
        var keys: Set<String> = []
        var cursor = "0"
        repeat {
            let reply = try await redis.send("SCAN", cursor, "COUNT", "1000", "TYPE", "stream").elements ?? []
            keys.formUnion((reply.last?.elements ?? []).compactMap(\.text))
            cursor = reply.first?.text ?? "0"
        } while cursor != "0"
        return Array(keys)
    }

    private static func group(_ reply: Reply, of stream: RedisStream) async throws -> LabReport.Group {
        let fields = reply.elements ?? []
        func value(_ name: String) -> Reply? {
            fields.firstIndex { $0.text == name }.flatMap { fields.indices.contains($0 + 1) ? fields[$0 + 1] : nil }
        }
        let name = value("name")?.text ?? ""
        let consumers = try await stream.group(name).consumers()
        return LabReport.Group(
            name: name, pending: value("pending")?.integer ?? 0,
            consumers: Dictionary(consumers.map { ($0.name, $0.pending) }) { first, _ in first })
    }
}
