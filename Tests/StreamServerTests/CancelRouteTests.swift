import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Cancelling over HTTP")
struct CancelRouteTests {
    @Test func `a cancelled run ends for its viewers, and its worker is refused`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            async let watching = server.events(path)
            try await eventually("a word is there") {
                try await server.events(path, count: 3).count == 3
            }

            let answer = try await server.send(path + "/cancel", method: .POST)
            #expect(answer.status == 202)
            #expect(try answer.json("status") == "cancelled")

            let last = try #require(try await watching.last)
            #expect(last.event == "error" && last.data == "The run was cancelled.")
            #expect(try await server.send(path, headers: ["Accept": "text/plain"]).text.hasSuffix("cancelled.\n"))
            let whole = try await server.events(path + "?events=all")
            #expect(whole.contains { $0.event == "task_cancelled" })
            // The worker was refused, not failed: nothing is left to do and nothing is dead.
            try await eventually("the queue is empty") {
                let status = try await server.queue.status()
                return status.running + status.waiting + status.delayed == 0
            }
            #expect(try await server.queue.status().dead == 0)
            // By now the worker has tried to say its next word, and nothing stands after the end.
            #expect(whole.last?.event == "error" && whole.dropLast().last?.event == "task_cancelled")
            #expect(try await server.events(path + "?events=all").map(\.id) == whole.map(\.id))
        }
    }

    @Test func `leaving is not cancelling`() async throws {
        try await withServer(pace: .milliseconds(5), script: (0..<40).map { "word\($0) " }) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            _ = try await server.events(path, count: 2)
            #expect(try await server.events(path).last?.event == "done")
        }
    }

    @Test func `what has ended or never was cannot be cancelled`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            _ = try await server.events(path)
            let late = try await server.send(path + "/cancel", method: .POST)
            #expect(late.status == 409 && late.text.contains("not_running"))
            #expect(try await server.send("/api/agent/stream/nobody/cancel", method: .POST).status == 404)
            let wrong = try await server.send(path + "/cancel")
            #expect(wrong.status == 405 && wrong.headers.first(name: "Allow") == "POST")
        }
    }
}
