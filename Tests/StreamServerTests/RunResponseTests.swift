import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Asking once, and waiting for the answer")
struct RunResponseTests {
    private let path = "/api/agents/TravelPlanner/run"
    private let whole = "Hi: One two\nlines </script> 🗼"

    private func ask(
        _ server: RunningServer, _ body: String, query: String = "", _ headers: [String: String] = [:]
    ) async throws -> Answer {
        let type = ["Content-Type": body.hasPrefix("{") ? "application/json" : "text/plain"]
        return try await server.send(
            path + query, method: .POST, headers: type.merging(headers) { $1 }, body: Array(body.utf8))
    }

    @Test func `the same key and body is the same run, and another body with it is refused`() async throws {
        try await withServer(script: endlessScript) { server in
            let key = ["Idempotency-Key": "a-key"]
            let first = try await ask(server, "Hi", key)
            let again = try await ask(server, "Hi", key)
            #expect(first.status == 202 && again.status == 202 && first.text == again.text)
            #expect(first.headers.first(name: "Location") == again.headers.first(name: "Location"))

            let other = try await ask(server, "Ho", key)
            #expect(other.status == 422 && other.text.contains("idempotency_key_used"))
            #expect(try await ask(server, "Hi", ["Idempotency-Key": "another"]).text != first.text)
            #expect(try await ask(server, "Hi", ["Idempotency-Key": "two words"]).status == 400)
        }
    }

    @Test func `many requests with one key at once start one run`() async throws {
        try await withServer(script: endlessScript) { server in
            let names = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await ask(server, "Hi", ["Idempotency-Key": "k"]).json("correlation_id") }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(names.count == 1)
        }
    }

    @Test func `a key whose request was refused stands for nothing`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("First")
            let body = #"{"message": "Second", "session_id": "\#(conversation)"}"#
            #expect(try await ask(server, body, ["Idempotency-Key": "k"]).status == 409)
            #expect(try await server.send("/api/runs/\(conversation)/cancel", method: .POST).status == 202)
            try await eventually("the key can be used") {
                try await ask(server, body, ["Idempotency-Key": "k"]).status == 202
            }
        }
    }

    @Test(arguments: [("?wait_for_response=true", [:]), ("", ["x-ms-wait-for-response": "true"])])
    func `who waits gets the whole answer`(query: String, headers: [String: String]) async throws {
        try await withServer { server in
            let answer = try await ask(server, "Hi", query: query, headers)
            #expect(answer.status == 200)
            #expect(try answer.json("response") == whole && answer.json("status") == "completed")
            let conversation = try answer.json("conversation_id")
            #expect(answer.headers.first(name: "x-conversation-id") == conversation)

            let plain = try await ask(server, "Hi", query: query, headers.merging(["Accept": "text/plain"]) { $1 })
            #expect(plain.status == 200 && plain.text == whole)
            #expect(plain.headers.first(name: "Content-Type") == "text/plain; charset=utf-8")

            let next = #"{"message": "Hi", "session_id": "\#(conversation)", "wait_for_response": true}"#
            #expect(try await ask(server, next).json("response") == whole)
        }
    }

    @Test func `an answer that takes too long is 504 with the way on, and the run goes on`() async throws {
        try await withServer(pace: .milliseconds(5), script: (0..<100).map { "word\($0) " }) {
            $0.responseTime = .milliseconds(50)
        } _: { server in
            let answer = try await ask(server, "Hi", ["x-ms-wait-for-response": "true"])
            #expect(answer.status == 504)
            #expect(answer.headers.first(name: "Content-Type") == "application/problem+json")
            #expect(try await server.events(try answer.json("stream")).last?.event == "done")
            #expect(try await server.send(try answer.json("snapshot")).text.contains("word99"))
        }
    }

    @Test func `a run that fails is 502 with what the user may read`() async throws {
        try await withServer { server in
            let answer = try await ask(server, "fail", ["x-ms-wait-for-response": "true"])
            #expect(answer.status == 502)
            #expect(try answer.json("detail") == "No rooms\nleft.")
        }
    }

    @Test func `an answer can be streamed on the request itself`() async throws {
        try await withServer { server in
            let answer = try await ask(server, "Hi", ["Accept": "text/event-stream"])
            #expect(answer.status == 200)
            var parser = EventStreamParser()
            let events = try parser.parse(Array(answer.text.utf8))
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == whole)
            #expect(events.last?.event == "done")
            let conversation = try #require(answer.headers.first(name: "x-conversation-id"))
            #expect(try await server.send("/api/runs/\(conversation)").status == 200)
        }
    }

    @Test func `session and thread mean the same, and must not differ`() async throws {
        try await withServer { server in
            let both = #"{"message": "Hi", "session_id": "a", "thread_id": "a"}"#
            #expect(try await ask(server, both).json("conversation_id") == "a")
            let different = try await ask(server, #"{"message": "Hi", "session_id": "a", "thread_id": "b"}"#)
            #expect(different.status == 400 && different.text.contains("different_sessions"))
            #expect(try await ask(server, #"{"message": "Hi", "session_id": "{"}"#).text.contains("session_id"))
            #expect(try await ask(server, "Hi", query: "?wait_for_response=maybe").status == 400)
        }
    }

    @Test func `a problem is a document that keeps the code and the message`() async throws {
        try await withServer { server in
            let answer = try await server.send("/api/runs/nobody?x=1")
            #expect(answer.headers.first(name: "Content-Type") == "application/problem+json")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
            #expect(document["status"] as? Int == 404 && document["title"] as? String == "Not Found")
            #expect(
                document["type"] as? String == "about:blank" && document["instance"] as? String == "/api/runs/nobody")
            let error = document["error"] as? [String: String]
            #expect(error?["code"] == "unknown_conversation" && error?["message"] == document["detail"] as? String)
            #expect(try await server.send("/api/agent/stream/nobody?cursor=1-1").status == 410)
        }
    }
}
