import AgentRuns
import Foundation
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

/// Conversations as any program may write them: text in chunks, and somewhere `done`.
@Suite("The text of an answer, in every format")
struct TextTests {
    private func withConversation(
        _ entries: [[String]], _ body: (RunningServer, String) async throws -> Void
    ) async throws {
        try await withServer { server in
            let name = RandomID().uuid
            for fields in entries { try await add(fields, to: name, server) }
            try await body(server, "/api/agent/stream/\(name)")
            _ = try await server.redis.send("DEL", "agent-stream:\(name)")
        }
    }

    private func add(_ fields: [String], to name: String, _ server: RunningServer) async throws {
        let replies = try await server.redis.pipeline { batch in
            batch.add(["XADD", "agent-stream:\(name)", "*"] + fields)
        }
        for reply in replies { _ = try reply.get() }
    }

    private func plain(_ server: RunningServer, _ path: String) async throws -> String {
        try await server.send(path, headers: ["Accept": "text/plain"]).text
    }

    @Test(arguments: ["", "?events=all"])
    func `the last words arrive when they come with the end, and so does the end`(query: String) async throws {
        let entries = [["text", "that you can come back "], ["text", "to.", "done", "true"]]
        try await withConversation(entries) { server, path in
            let events = try await server.events(path + query)
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == "that you can come back to.")
            #expect(events.last?.event == "done")
            #expect(try await plain(server, path) == "that you can come back to.")
            let first = try #require(events.first?.id)
            #expect(try await server.events(path + "?cursor=\(first)").map(\.data) == ["to.", "[DONE]"])
        }
    }

    @Test func `the last words of a run that failed arrive before its error`() async throws {
        let entries = [["text", "Half", "event", "task_failed", "error", "No rooms.", "done", "true"]]
        try await withConversation(entries) { server, path in
            #expect(try await server.events(path).map(\.data) == ["Half", "No rooms."])
            let text = try await plain(server, path)
            #expect(text == "Half\n[error] No rooms.\n")
        }
    }

    @Test func `who resumes behind the end is told again how it ended`() async throws {
        try await withConversation([["text", "Half"], ["error", "No rooms.", "done", "true"]]) { server, path in
            let end = try #require(try await server.events(path).last?.id)
            let again = try await server.events(path + "?cursor=\(end)")
            #expect(again.map(\.event) == ["error"] && again.map(\.data) == ["No rooms."])
        }
    }

    @Test func `a line break cut between two chunks is one line break, from every cursor`() async throws {
        let text = "a\r\nb\rc\n\r\n\r\nd\n\re\r\r\nf"
        let lines = text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\r", with: "\n")
        let bytes = Array(text.utf8)
        let cuts = [bytes.map { [$0] }] + bytes.indices.dropFirst().map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
        for chunks in cuts {
            let entries = chunks.map { ["text", String(decoding: $0, as: UTF8.self)] } + [["done", "true"]]
            try await withConversation(entries) { server, path in
                let events = try await server.events(path).filter { $0.event == "message" }
                #expect(events.map(\.data).joined() == lines)
                #expect(try await plain(server, path) == text)
                for (index, event) in events.enumerated() {
                    let rest = try await server.events(path + "?lastEventId=\(event.id ?? "")")
                    #expect(rest.dropLast().map(\.data) == events.dropFirst(index + 1).map(\.data))
                }
            }
        }
    }

    @Test(arguments: ["?isolation=live", "?isolation=committed"])
    func `a line break that a lost attempt came between is one line break, from every cursor`(
        query: String
    ) async throws {
        try await withServer { server in
            let name = RandomID().uuid
            let entries = [
                ["text", "a\r"], ["event", "tool_usage"], ["text", "lost"],
                ["event", "attempt", "data", #"{"attempt":2,"last_valid_id":"2-0"}"#], ["text", "\nb"],
                ["done", "true"],
            ]
            for (number, fields) in entries.enumerated() {
                _ = try await server.redis.send(["XADD", "agent-stream:\(name)", "\(number + 1)-0"] + fields)
            }
            let path = "/api/agent/stream/\(name)" + query
            let events = try await server.events(path)
            let words = events.filter { $0.event == "message" && $0.data != "lost" }.map(\.data)
            #expect(words == ["a\n", "b"])
            for (index, event) in events.dropLast().enumerated() {
                let rest = try await server.events(path + "&cursor=\(event.id ?? "")")
                #expect(rest == Array(events.dropFirst(index + 1)))
            }
            _ = try await server.redis.send("DEL", "agent-stream:\(name)")
        }
    }

    @Test func `a line break does not join with one of the next run`() async throws {
        let entries = [
            ["text", "a\r"], ["event", "task_completed", "done", "true"], ["event", "task_started"], ["text", "\nb"],
            ["done", "true"],
        ]
        try await withConversation(entries) { server, path in
            let words = try await server.events(path).filter { $0.event == "message" }.map(\.data)
            #expect(words == ["a\n", "\nb"])
        }
    }
}
