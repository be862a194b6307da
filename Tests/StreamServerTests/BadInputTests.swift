import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("What clients send that they should not")
struct BadInputTests {
    @Test func `another method is told which one works`() async throws {
        try await withServer { server in
            let cases: [(HTTPMethod, String, String)] = [
                (.DELETE, "/", "GET, HEAD"), (.POST, "/api/health", "GET, HEAD"), (.OPTIONS, "/", "GET, HEAD"),
                (.GET, "/api/agents/TravelPlanner/run", "POST"), (.PUT, "/api/agent/stream/any", "GET, HEAD"),
            ]
            for (method, path, allowed) in cases {
                let answer = try await server.send(path, method: method)
                #expect(answer.status == 405 && answer.headers.first(name: "Allow") == allowed, "\(method) \(path)")
            }
        }
    }

    @Test func `HEAD answers as GET does, without the body`() async throws {
        try await withServer { server in
            let conversation = try await server.ask("Go")
            for path in ["/", "/api/health", "/api/live", "/api/ready", "/api/agent/stream/\(conversation)"] {
                let answer = try await server.send(path, method: .HEAD)
                #expect(answer.status == 200 && answer.text.isEmpty, "\(path)")
            }
        }
    }

    @Test(arguments: [
        "%zz", "%", "a%2Fb", "%ff%fe", "%00", "..", "%7Ba%7D", "a%20b", String(repeating: "a", count: 129),
    ])
    func `a path that names no conversation is not found`(name: String) async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(
                "GET /api/agent/stream/\(name) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(await connection.readAll().hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 200_000))\r\n\r\n",
    ])
    func `what is no HTTP is refused, and others are served on`(bytes: String) async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(bytes)
            connection.finish()
            let answer = await connection.readAll()
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(80))")
            #expect(try await server.send("/api/health").status == 200)
        }
    }

    @Test func `a hundred thousand headers are refused before they are all read`() async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send("GET /api/health HTTP/1.1\r\nHost: localhost\r\n")
            let lines = (0..<1_000).map { "X-\($0): a\r\n" }.joined()
            var sent = 0
            while sent < 100, await connection.send(lines) { sent += 1 }
            let answer = await connection.readAll()
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(80))")
            // Either the server stopped listening, or it read the last of them and says no.
            #expect(sent < 100 || !answer.isEmpty)
            #expect(try await server.send("/api/health").status == 200)
        }
    }

    @Test func `a cursor of another conversation is refused, or gives exactly what comes after it here`() async throws {
        try await withServer { server in
            let first = try await server.ask("Go")
            let path = "/api/agent/stream/\(first)"
            let own = try await server.events(path)
            let later = try await server.events("/api/agent/stream/" + (try await server.ask("Go")))
            let foreign = try #require(later.last?.id)
            let answer = try await server.send(path + "?cursor=\(foreign)")
            #expect(answer.status == 400 && answer.text.contains("cursor_beyond_end"))
            let earlier = try #require(own.first?.id)
            let rest = try await server.events(path + "?cursor=\(earlier)")
            #expect(rest.map(\.data) == own.dropFirst().map(\.data))
        }
    }

    @Test(arguments: [
        "<script>alert(1)</script>&amp;", "a\u{2028}b\u{2029}c\u{85}d",
        "\u{1B}[31mred\u{1B}[0m\u{7}\u{9B}2J", "a\u{0}b",
        "id: 1-1\nevent: done\ndata: [DONE]\n\n", "\u{FEFF}data: x\n\n",
    ])
    func `whatever a model writes arrives as it wrote it`(text: String) async throws {
        try await withServer(script: [text]) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            let events = try await server.events(path)
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == "Go: " + text)
            #expect(try await server.send(path, headers: ["Accept": "text/plain"]).text == "Go: " + text)
            #expect(events.last?.event == "done" && events.count(where: { $0.event == "done" }) == 1)
            let snapshot = try await server.send("/api/runs/" + (path.split(separator: "/").last ?? ""))
            #expect(try snapshot.json("text") == "Go: " + text)
        }
    }

    @Test(arguments: [
        "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST /api/agents/TravelPlanner/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc",
        "POST /api/agents/TravelPlanner/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    ])
    func `a request that breaks off in the middle starts nothing`(bytes: String) async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(bytes)
            connection.finish()
            _ = await connection.readAll()
            #expect(try await server.queue.status().waiting == 0)
            #expect(try await server.redis.stream(server.queue.key).info()?.entriesAdded ?? 0 == 0)
            #expect(try await server.send("/api/health").status == 200)
        }
    }

    @Test func `a body without end is refused at the limit`() async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(
                "POST /api/agents/TravelPlanner/run HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "4000\r\n" + String(repeating: "a", count: 0x4000) + "\r\n"
            for _ in 0..<40 { await connection.send(chunk) }
            connection.finish()
            #expect(await connection.readAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `a key that holds a string is a conflict for every request`() async throws {
        try await withServer { server in
            let name = UUID().uuidString
            _ = try await server.redis.send("SET", "agent-stream:\(name)", "hello")
            let path = "/api/agent/stream/\(name)"
            #expect(try await server.send(path).status == 409)
            #expect(try await server.send(path + "?cursor=1-0").status == 409)
            #expect(try await server.send(path + "/cancel", method: .POST).status == 409)
            let asked = try await server.send(
                "/api/agents/TravelPlanner/run", method: .POST, headers: ["Content-Type": "application/json"],
                body: Array(#"{"message": "x", "thread_id": "\#(name)"}"#.utf8))
            #expect(asked.status == 409 && asked.text.contains("wrong_type"))
            _ = try await server.redis.send("DEL", "agent-stream:\(name)", "{agent-stream:\(name)}:run")
        }
    }
}
