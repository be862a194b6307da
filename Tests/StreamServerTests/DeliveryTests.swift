import AgentRuns
import FaultKit
import Foundation
import LocalRedis
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Many viewers of one run", .timeLimit(.minutes(3)))
struct DeliveryTests {
    private let words = (0..<500).map { "word\($0) é🗼\n" }

    private func text(of events: [ServerSentEvent]) -> String {
        events.filter { $0.event == "message" }.map(\.data).joined()
    }

    /// Asks over HTTP/1.0, whose answers have no chunks, from behind a cursor.
    private func connect(_ server: RunningServer, _ path: String, after cursor: String?) async throws -> RawConnection {
        let connection = try RawConnection(port: server.port)
        let header = cursor.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        await connection.send("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\(header)\r\n")
        return connection
    }

    @Test(arguments: ["live", "committed"])
    func `a viewer that reconnects after every one of 500 events assembles the whole text`(isolation: String)
        async throws
    {
        try await withServer(script: words) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go")) + "?isolation=\(isolation)"
            var seen: [ServerSentEvent] = []
            while seen.last?.event != "done" {
                let connection = try await connect(server, path, after: seen.last?.id)
                var parser = EventStreamParser()
                let answer = await connection.read(until: "\n\n", after: "data: ")
                let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
                seen += try parser.parse(body.utf8).prefix(1)
            }
            #expect(text(of: seen) == "Go: " + words.joined())
        }
    }

    @Test(arguments: ["live", "committed"])
    func `a viewer that is cut at random bytes while the run goes on assembles the whole text`(isolation: String)
        async throws
    {
        try await withServer(pace: .milliseconds(1), script: words) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go")) + "?isolation=\(isolation)"
            var random = SeededGenerator(seed: 7)
            var (seen, cursor): ([ServerSentEvent], String?) = ([], nil)
            while seen.last?.event != "done" {
                let connection = try await connect(server, path, after: cursor)
                let answer = await connection.read(bytes: Int.random(in: 300...700, using: &random))
                guard let head = answer.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
                var parser = EventStreamParser(lastEventID: cursor)
                seen += try parser.parse(answer[head.upperBound...])
                cursor = parser.lastEventID
            }
            #expect(text(of: seen) == "Go: " + words.joined())
        }
    }

    @Test func `fifty viewers of a run see the same bytes, over no more connections to Redis than one needs`()
        async throws
    {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                try await withServer(
                    redis, .init(port: 0, agents: ["TravelPlanner"]), pace: .milliseconds(2), script: words
                ) { server in
                    let path = "/api/agent/stream/" + (try await server.ask("Go"))
                    let answers = try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 0..<50 {
                            group.addTask { await (try connect(server, path, after: nil)).readAll() }
                        }
                        try await eventually("all watch") {
                            try await redis.stream(path.conversationKey).length() > 300
                        }
                        let clients = try await redis.send("CLIENT", "LIST").text ?? ""
                        // The shared one, the hub's and the worker's blocking reads, which change hands when cancelled.
                        #expect(clients.split(whereSeparator: \.isNewline).count < 12, "\(clients)")
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    let bodies = Set(answers.map { $0.components(separatedBy: "\r\n\r\n").dropFirst().joined() })
                    #expect(bodies.count == 1)
                    var parser = EventStreamParser(maximumEventSize: 1 << 20)
                    #expect(text(of: try parser.parse((bodies.first ?? "").utf8)) == "Go: " + words.joined())
                }
            }
        }
    }

    @Test func `a viewer that falls out of the window while others go on still gets everything`() async throws {
        let large = (0..<400).map { "\($0) " + String(repeating: "x", count: 10_000) }
        try await withServer(pace: .milliseconds(1), script: large) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            let slow = try RawConnection(port: server.port, receiveBuffer: 4_096)
            await slow.send("GET \(path) HTTP/1.0\r\nHost: localhost\r\n\r\n")
            let fast = text(of: try await server.events(path))
            let answer = await slow.readAll()

            var parser = EventStreamParser(maximumEventSize: 1 << 20)
            let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined()
            #expect(fast == "Go: " + large.joined())
            #expect(text(of: try parser.parse(body.utf8)) == fast)
        }
    }
}

extension String {
    /// The key of the stream that a path ending in a conversation's ID is about.
    fileprivate var conversationKey: String { "agent-stream:\(split(separator: "/").last ?? "")" }
}
