import AgentRuns
import Foundation
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Watching while a worker is lost")
struct IsolationTests {
    /// A run whose first worker has said half of it, and a function that lets the second one finish it.
    private func withLostWorker(
        _ body: (RunningServer, _ path: String, _ finish: @Sendable () async throws -> Void) async throws -> Void
    ) async throws {
        try await withServer { server in
            let request = RunRequest(
                conversationID: RandomID().uuid, correlationID: RandomID().uuid, agent: "TravelPlanner", message: "Go")
            let log = RunLog(redis: server.redis, conversationID: request.conversationID)
            let lost = try await log.begin(request, token: 1)
            try await lost.append(.text, text: "Half of ")
            try await body(server, "/api/agent/stream/\(request.conversationID)") {
                let second = try await log.begin(request, token: 2)
                for text in ["The whole ", "answer."] { try await second.append(.text, text: text) }
                try await second.complete()
            }
            try await log.remove()
        }
    }

    private func read(_ server: RunningServer, _ path: String, accept: String, _ finish: () async throws -> Void)
        async throws -> String
    {
        let viewer = try RawConnection(port: server.port)
        await viewer.send("GET \(path) HTTP/1.0\r\nAccept: \(accept)\r\n\r\n")
        // It is watching from now on.
        let head = await viewer.read(until: "\r\n\r\n")
        try await finish()
        let all = head + (await viewer.readAll())
        return all.components(separatedBy: "\r\n\r\n").dropFirst().joined()
    }

    @Test func `plain text says nothing that a later worker takes back`() async throws {
        try await withLostWorker { server, path, finish in
            let text = try await read(server, path, accept: "text/plain", finish)
            #expect(text == "The whole answer.")
            #expect(try await server.send(path, headers: ["Accept": "text/plain"]).text == "The whole answer.")
        }
    }

    @Test func `plain text is live for those who ask for that`() async throws {
        try await withLostWorker { server, path, finish in
            let text = try await read(server, path + "?isolation=live", accept: "text/plain", finish)
            #expect(text == "Half of The whole answer.")
        }
    }

    @Test(arguments: [("", "Half of The whole answer."), ("?isolation=committed", "The whole answer.")])
    func `an event stream is live, unless it is asked for what is certain`(query: String, expected: String)
        async throws
    {
        try await withLostWorker { server, path, finish in
            let text = try await read(server, path + query, accept: "text/event-stream", finish)
            var parser = EventStreamParser()
            let events = try parser.parse(text.utf8)
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == expected)
            #expect(events.last?.event == "done")
        }
    }

    @Test func `another isolation is refused`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            let answer = try await server.send(path + "?isolation=serializable")
            #expect(answer.status == 400 && answer.text.contains("committed"))
        }
    }
}
