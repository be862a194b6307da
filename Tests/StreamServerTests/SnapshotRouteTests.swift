import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("A conversation as it stands, over HTTP")
struct SnapshotRouteTests {
    /// What the page relies on.
    struct Snapshot: Decodable {
        struct Turn: Decodable {
            let correlation_id: String?
            let agent: String?
            let prompt: String?
            let status: String
            let text: String
            let error: String?
            let started_at: Int?
            let ended_at: Int?
        }
        struct Event: Decodable {
            let id: String
            let time: Int
            let type: String
            let sequence: Int?
        }
        let conversation_id: String
        let correlation_id: String?
        let agent: String?
        let status: String
        let cursor: String
        let text: String
        let committed_length: Int
        let turns: [Turn]
        let events: [Event]

        init(_ answer: Answer) throws {
            #expect(answer.status == 200, "\(answer.text)")
            self = try JSONDecoder().decode(Self.self, from: Data(answer.text.utf8))
        }
    }

    @Test func `a snapshot of a run that is over has its answer, its turn and its events`() async throws {
        try await withServer { server in
            let conversation = try await server.ask("Hi")
            _ = try await server.events("/api/agent/stream/\(conversation)")
            let snapshot = try Snapshot(try await server.send("/api/runs/\(conversation)"))

            #expect(snapshot.conversation_id == conversation && snapshot.status == "completed")
            #expect(snapshot.text == "Hi: One two\nlines </script> 🗼")
            #expect(snapshot.committed_length == snapshot.text.utf16.count)
            let turn = try #require(snapshot.turns.first)
            #expect(turn.prompt == "Hi" && turn.agent == "TravelPlanner" && turn.status == "completed")
            #expect(turn.correlation_id == snapshot.correlation_id && turn.error == nil)
            #expect(try #require(turn.started_at) <= (try #require(turn.ended_at)))
            #expect(snapshot.events.map(\.type) == ["progress", "task_started", "task_completed"])
            #expect(snapshot.events.first?.sequence == 0 && snapshot.events.last?.id == snapshot.cursor)
        }
    }

    @Test func `a snapshot in the middle, and the stream from its cursor, make the whole answer`() async throws {
        try await withServer(pace: .milliseconds(2), script: (0..<100).map { "word\($0) " }) { server in
            let conversation = try await server.ask("Go")
            _ = try await server.events("/api/agent/stream/\(conversation)", count: 30)
            let snapshot = try Snapshot(try await server.send("/api/runs/\(conversation)"))
            let rest = try await server.events("/api/agent/stream/\(conversation)?cursor=\(snapshot.cursor)")

            let whole = try await server.events("/api/agent/stream/\(conversation)")
            let text = { (events: [ServerSentEvent]) in events.filter { $0.event == "message" }.map(\.data).joined() }
            #expect(!snapshot.text.isEmpty && snapshot.text + text(rest) == text(whole))
        }
    }

    @Test func `a committed snapshot of a run without a checkpoint has no text and begins before it`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("Go")
            _ = try await server.events("/api/agent/stream/\(conversation)", count: 3)
            let path = "/api/runs/\(conversation)"
            #expect(try Snapshot(try await server.send(path)).text.hasPrefix("Go: word0"))
            let committed = try Snapshot(try await server.send(path + "?isolation=committed"))
            #expect(committed.text.isEmpty && committed.events.last?.id == committed.cursor)

            #expect(try await server.send(path + "/cancel", method: .POST).status == 202)
            #expect(try Snapshot(try await server.send(path)).status == "cancelled")
        }
    }

    @Test func `what is unknown is 404, and what is not a stream is 409`() async throws {
        try await withServer { server in
            #expect(try await server.send("/api/runs/nobody").status == 404)
            #expect(try await server.send("/api/runs/nobody/cancel", method: .POST).status == 404)
            #expect(try await server.send("/api/runs/%7Ba%7D").status == 404)
            let wrong = try await server.send("/api/runs/x?isolation=none")
            #expect(wrong.status == 400 && wrong.text.contains("unknown_isolation"))
            _ = try await server.redis.send("SET", "agent-stream:text", "x")
            #expect(try await server.send("/api/runs/text").status == 409)
            _ = try await server.redis.send("DEL", "agent-stream:text")
        }
    }

    @Test func `the timeline has every event as JSON, and each can be resumed after`() async throws {
        try await withServer { server in
            let conversation = try await server.ask("Hi")
            let path = "/api/agent/stream/\(conversation)?view=timeline"
            let events = try await server.events(path)

            #expect(events.last?.event == "done" && events.dropLast().allSatisfy { $0.event == "timeline" })
            let decoded = try events.dropLast().map { try Self.decode($0.data) }
            #expect(decoded.map { $0["sequence"] as? Int } == Array(0..<decoded.count))
            #expect(zip(decoded, events).allSatisfy { $0["id"] as? String == $1.id })
            #expect(decoded.first?["type"] as? String == "progress")
            #expect((decoded.first?["data"] as? [String: Any])?["message"] as? String == "Hi")
            #expect(decoded.compactMap { $0["text"] as? String }.joined() == "Hi: One two\nlines </script> 🗼")
            #expect(try await server.events(path + "&cursor=\(events[3].id ?? "")") == Array(events.dropFirst(4)))
            #expect(try await server.send(path + "x").status == 400)
        }
    }

    private static func decode(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    @Test func `a viewer that begins now is told nothing of what was said before`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Hi"))
            _ = try await server.events(path)
            #expect(try await server.events(path + "?from=now").map(\.event) == ["done"])
            #expect(try await server.events(path + "?from=beginning").count > 2)
            #expect(try await server.send(path + "?from=here").status == 400)
            #expect(try await server.send("/api/agent/stream/nobody?from=now").status == 404)
        }
    }
}
