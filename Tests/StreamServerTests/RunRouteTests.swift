import AgentRuns
import LocalRedis
@testable import TravelPlanner
import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Asking over HTTP")
struct RunRouteTests {
    private let path = "/api/agents/TravelPlanner/run"
    private let plain = ["Content-Type": "text/plain"]

    @Test func `a run is accepted with the names and the place to watch it`() async throws {
        try await withServer { server in
            let answer = try await server.send(path, method: .POST, headers: plain, body: Array("Hi".utf8))
            #expect(answer.status == 202)
            #expect(try answer.json("status") == "accepted")
            #expect(try answer.json("correlation_id").count == 36)
            let conversation = try answer.json("conversation_id")
            #expect(answer.headers.first(name: "Location") == "/api/agent/stream/\(conversation)")
        }
    }

    @Test func `a thread continues, and its location leads past what was said before`() async throws {
        try await withServer { server in
            let first = try await server.ask("First")
            _ = try await server.events("/api/agent/stream/\(first)")
            let body = #"{"message": "Second", "thread_id": "\#(first)"}"#
            let answer = try await server.send(
                path, method: .POST, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
            #expect(try answer.json("conversation_id") == first)

            let location = try #require(answer.headers.first(name: "Location"))
            let fresh = try await server.send(location, headers: ["Accept": "text/plain"])
            #expect(fresh.text.hasPrefix("Second: "))
            let whole = try await server.events("/api/agent/stream/\(first)")
            #expect(whole.count { $0.event == "done" } == 1)
            #expect(whole.contains { $0.data == "First: " } && whole.contains { $0.data == "Second: " })
        }
    }

    @Test func `a conversation takes the next prompt when the last one is answered, so that answers never mix`()
        async throws
    {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("First")
            let again = {
                try await server.send(
                    path, method: .POST, headers: ["Content-Type": "application/json"],
                    body: Array(#"{"message": "Second", "thread_id": "\#(conversation)"}"#.utf8))
            }
            let early = try await again()
            #expect(early.status == 409 && early.text.contains("busy"))

            let stream = "/api/agent/stream/\(conversation)"
            #expect(try await server.send(stream + "/cancel", method: .POST).status == 202)
            #expect(try await again().status == 202)
            _ = try await server.send(stream + "/cancel", method: .POST)
            let whole = try await server.events(stream + "?events=all")
            #expect(whole.filter { $0.event == "task_cancelled" }.count == 2)
        }
    }

    @Test func `a caller with as many waiting prompts as it may have is told to come back, and others are served`()
        async throws
    {
        try await withLimits(RunLimits(maximumWaiting: 3, maximumWaitingPerCaller: 1)) { server in
            try await submit(as: "192.0.2.1", to: server)

            let first = try await server.send(path, method: .POST, headers: plain, body: Array("One".utf8))
            #expect(first.status == 202)
            let refused = try await server.send(path, method: .POST, headers: plain, body: Array("Two".utf8))
            #expect(refused.status == 429 && refused.headers.first(name: "Retry-After") == "10")
            #expect(refused.text.contains("of yours"))

            let stream = "/api/agent/stream/" + (try first.json("conversation_id"))
            #expect(try await server.send(stream + "/cancel", method: .POST).status == 202)
            let again = try await server.send(path, method: .POST, headers: plain, body: Array("Two".utf8))
            #expect(again.status == 202)
        }
    }

    @Test func `when as many prompts wait as may in all, every caller is told to come back`() async throws {
        try await withLimits(RunLimits(maximumWaiting: 2, maximumWaitingPerCaller: 2)) { server in
            for caller in ["192.0.2.1", "192.0.2.2"] { try await submit(as: caller, to: server) }

            let refused = try await server.send(path, method: .POST, headers: plain, body: Array("One".utf8))
            #expect(refused.status == 429 && refused.headers.first(name: "Retry-After") == "10")
            #expect(refused.text.contains("2 prompts wait"))
        }
    }

    /// A server whose worker leaves every run among those that wait.
    private func withLimits(_ limits: RunLimits, _ body: (RunningServer) async throws -> Void) async throws {
        try await withServer(script: endlessScript) {
            $0.limits = limits
        } before: { _ in
            try await Task.sleep(for: .seconds(600))
        } _: {
            try await body($0)
        }
    }

    /// A prompt from another address.
    private func submit(as caller: String, to server: RunningServer) async throws {
        let runs = AgentRuns(redis: server.redis, names: RunNames(queueKey: server.queue.key))
        let name = RandomID().uuid
        let request = RunRequest(conversationID: name, correlationID: name, agent: "TravelPlanner", message: "Go")
        try await runs.submit(request, caller: caller)
    }

    @Test func `what cannot be asked is refused with a sentence that helps`() async throws {
        try await withServer { server in
            let json = ["Content-Type": "application/json"]
            let cases: [(String, [String: String], [UInt8], Int, String)] = [
                ("/api/agents/Nobody/run", plain, Array("Hi".utf8), 404, "TravelPlanner"),
                (path, plain, [], 400, "empty"),
                (path, plain, Array(" \n\t ".utf8), 400, "empty"),
                (path, plain, [0xC3, 0x28], 400, "UTF-8"),
                (path, plain, Array(repeating: 0x61, count: 65_537), 413, "65536"),
                (path, json, Array("{".utf8), 400, "JSON"),
                (path, json, Array(#"{"message": "x", "thread_id": "{a}"}"#.utf8), 400, "thread_id"),
                (path, ["Content-Type": "image/png"], [1], 415, "text/plain"),
                ("/nowhere", plain, [], 404, "/api/health"),
            ]
            for (path, headers, body, status, word) in cases {
                let answer = try await server.send(path, method: .POST, headers: headers, body: body)
                #expect(answer.status == status, "\(path) \(answer.text)")
                #expect(answer.text.contains(word), "\(answer.text)")
            }
            let largest = try await server.send(
                path, method: .POST, headers: plain, body: Array(repeating: 0x61, count: 65_536))
            #expect(largest.status == 202)
        }
    }

    @Test func `health tells of Redis and the agents, and without Redis everything is 503`() async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration.impatient) { redis in
                try await withServer(redis, .init(port: 0, agents: ["TravelPlanner"])) { server in
                    let well = try await server.send("/api/health")
                    #expect(well.status == 200)
                    #expect(well.text == #"{"agents":["TravelPlanner"],"redis":"reachable","status":"ok"}"#)

                    await local.kill()

                    #expect(try await server.send("/api/health").status == 503)
                    let refused = try await server.send(path, method: .POST, headers: plain, body: Array("Hi".utf8))
                    #expect(refused.status == 503)
                    #expect(refused.headers.contains(name: "Retry-After"))
                    #expect(try await server.send("/api/agent/stream/any").status == 503)
                }
            }
        }
    }

    @Test func `a port in use is an error that says so`() async throws {
        try await withServer { server in
            let second = StreamServer(
                redis: server.redis, configuration: .init(port: server.port, agents: ["TravelPlanner"]))
            await #expect(throws: StreamServerError.portInUse(host: "127.0.0.1", port: server.port)) {
                try await second.run()
            }
        }
    }
}
