@testable import AgentRuns
import Foundation
import NIOHTTP1
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("A server that asks for tokens", .timeLimit(.minutes(2)))
struct DoorTests {
    private let run = "/api/agents/TravelPlanner/run"

    @Test func `without a token that it knows every route for runs is answered 401`() async throws {
        try await withGuardedServer { server in
            let requests: [(HTTPMethod, String)] = [
                (.POST, run), (.GET, "/api/agent/stream/x"), (.HEAD, "/api/agent/stream/x"), (.GET, "/api/runs/x"),
                (.POST, "/api/runs/x/cancel"), (.POST, "/api/agent/stream/x/cancel"), (.POST, "/api/runs/x/link"),
                (.POST, "/api/runs/x/approvals/1-0"),
            ]
            let wrong = [
                [:], ["Authorization": ""], ["Authorization": "Bearer"], ["Authorization": "Bearer wrong"],
                ["Authorization": "Basic \(ann)"], ["Authorization": "Bearer \(ann) \(ann)"],
                ["Authorization": "Bearer \(ann.dropLast())"], ["Authorization": ann],
            ]
            for (method, path) in requests {
                for headers in wrong {
                    let answer = try await server.send(path, method: method, headers: headers)
                    #expect(answer.status == 401, "\(method) \(path) \(headers)")
                    #expect(answer.headers.first(name: "WWW-Authenticate")?.hasPrefix("Bearer ") == true)
                    guard method != .HEAD else { continue }
                    #expect(answer.headers.first(name: "Content-Type") == "application/problem+json")
                }
            }
            #expect(try await server.redis.stream(server.queue.key).info()?.entriesAdded ?? 0 == 0)
        }
    }

    @Test(arguments: ["/", "/page/page.js", "/api/health", "/api/live", "/api/ready", "/openapi.json"])
    func `what tells nothing of runs needs no token`(path: String) async throws {
        try await withGuardedServer { server in
            let answer = try await server.send(path)
            #expect(answer.status == 200)
        }
    }

    @Test func `a conversation does not exist for anybody but who started it`() async throws {
        try await withGuardedServer(script: endlessScript) { server in
            let id = try await server.ask("Go", as: ann)
            try await eventually("it is being written") {
                try await server.redis.stream("agent-stream:\(id)").length() > 2
            }
            for token in [bob, carl] {
                let requests: [(HTTPMethod, String, String)] = [
                    (.GET, "/api/agent/stream/\(id)", ""), (.HEAD, "/api/agent/stream/\(id)", ""),
                    (.GET, "/api/agent/stream/\(id)?from=now", ""), (.GET, "/api/runs/\(id)", ""),
                    (.POST, "/api/runs/\(id)/cancel", ""), (.POST, "/api/agent/stream/\(id)/cancel", ""),
                    (.POST, "/api/runs/\(id)/link", ""), (.POST, run, #"{"message":"And?","session_id":"\#(id)"}"#),
                    (.POST, run + "?when_busy=queue", #"{"message":"And?","thread_id":"\#(id)"}"#),
                ]
                for (method, path, body) in requests {
                    let answer = try await server.send(path, method: method, as: token, body: body)
                    #expect(answer.status == 404, "\(method) \(path)")
                    guard method != .HEAD else { continue }
                    #expect(answer.text.contains("unknown_conversation"))
                }
            }
            #expect(try await server.send("/api/runs/\(id)", as: ann).status == 200)
            #expect(try await server.send("/api/runs/\(id)/cancel", method: .POST, as: ann).status == 202)
        }
    }

    @Test(arguments: ["", "?cursor=1-0", "?from=now", "?cursor=99999999999999-0"])
    func `somebody else's conversation is answered as one that never was`(query: String) async throws {
        try await withGuardedServer { server in
            let id = try await server.ask("Go", as: ann)
            let theirs = try await server.send("/api/agent/stream/\(id)\(query)", as: bob)
            let none = try await server.send("/api/agent/stream/nothing\(query)", as: bob)
            #expect(theirs.status == 404 && none.status == 404)
            #expect(try theirs.json("detail").replacing(id, with: "nothing") == none.json("detail"))
        }
    }

    @Test func `two tokens of one holder open the same conversation`() async throws {
        try await withGuardedServer { server in
            let id = try await server.ask("Go", as: ann)
            #expect(try await server.send("/api/runs/\(id)", as: annToo).status == 200)
        }
    }

    @Test func `a stream that nobody started here belongs to nobody`() async throws {
        try await withGuardedServer { server in
            let name = RandomID().uuid
            _ = try await server.redis.send("XADD", "agent-stream:\(name)", "*", "text", "Go", "done", "true")
            #expect(try await server.send("/api/agent/stream/\(name)", as: ann).status == 404)
            let body = #"{"message":"Mine","session_id":"\#(name)"}"#
            #expect(try await server.send(run, method: .POST, as: ann, body: body).status == 404)
            _ = try await server.redis.send("DEL", "agent-stream:\(name)")
        }
    }

    @Test func `the same Idempotency-Key of two holders names two requests`() async throws {
        try await withGuardedServer { server in
            let key = RandomID().uuid
            func ask(_ token: String) async throws -> String {
                try await server.send(
                    run, method: .POST, as: token, headers: ["Idempotency-Key": key], body: #"{"message":"Go"}"#
                ).json("conversation_id")
            }
            let first = try await ask(ann)
            #expect(try await ask(annToo) == first)
            #expect(try await ask(bob) != first)
        }
    }

    @Test func `the log of a conversation names its owner, and no token is anywhere in Redis`() async throws {
        try await withGuardedServer { server in
            let id = try await server.ask("Go", as: ann)
            #expect(try await RunLog(redis: server.redis, conversationID: id).owner() == "ann")
            let other = try await server.ask("Go", as: carl)
            #expect(try await RunLog(redis: server.redis, conversationID: other).owner()?.hasPrefix("sha256:") == true)
            for name in [id, other] {
                let state = try await server.redis.send("HGETALL", RunNames.state(of: name))
                #expect(!"\(state)".contains(ann) && !"\(state)".contains(carl))
            }
        }
    }

    @Test func `how many prompts may wait is counted for each holder`() async throws {
        try await withScratchRedis { redis in
            var configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
            configuration.names.queueKey = scratchKey("queue")
            configuration.tokens = try AccessTokens("ann:\(ann),ann:\(annToo),bob:\(bob)")
            configuration.limits = RunLimits(maximumWaitingPerCaller: 1)
            try await withIdleServer(redis, configuration) { server in
                func ask(_ token: String) async throws -> Answer {
                    try await server.send(run, method: .POST, as: token, body: #"{"message":"Go"}"#)
                }
                #expect(try await ask(ann).status == 202)
                let refused = try await ask(annToo)
                #expect(refused.status == 429 && refused.headers.contains(name: "Retry-After"))
                #expect(try await ask(bob).status == 202)
            }
        }
    }

    @Test func `a token with a NUL is refused before anything is done`() async throws {
        try await withGuardedServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(
                "GET /api/runs/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(ann)\u{0}\r\n\r\n")
            connection.finish()
            #expect(await connection.readAll().hasPrefix("HTTP/1.1 400 "))
        }
    }
}
