import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("HTTP as clients speak it")
struct ProtocolTests {
    private func answer(_ request: String, port: Int) async throws -> String {
        let connection = try RawConnection(port: port)
        await connection.send(request)
        return await connection.readAll()
    }

    @Test func `a client of HTTP 1.0 gets answers without chunks and a closed connection`() async throws {
        try await withServer { server in
            let health = try await answer(
                "GET /api/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", port: server.port)
            #expect(health.hasPrefix("HTTP/1.0 200 ") && health.contains("Connection: close\r\n"))

            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            let stream = try await answer("GET \(path) HTTP/1.0\r\nAccept: text/plain\r\n\r\n", port: server.port)
            #expect(!stream.lowercased().contains("transfer-encoding"))
            #expect(stream.hasSuffix("\r\n\r\nGo: One two\nlines </script> 🗼"))
        }
    }

    @Test func `a client that asks whether to send its body is told to`() async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            let head = "POST /api/agents/TravelPlanner/run HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            await connection.send(
                head + "Content-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await connection.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            await connection.send("Hi")
            #expect(await connection.readAll().hasPrefix("HTTP/1.1 202 "))

            let large = try await answer(
                head + "Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n", port: server.port)
            #expect(large.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `HEAD of a stream says nothing of a length it does not know, and reads no log`() async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                try await withServer(redis, .init(port: 0, agents: ["TravelPlanner"])) { server in
                    _ = try await redis.send("XADD", "agent-stream:one", "*", "text", "Go", "done", "true")
                    let before = try await rangesRead(from: redis)

                    let head = try await answer(
                        "HEAD /api/agent/stream/one HTTP/1.1\r\nHost: localhost\r\n\r\n", port: server.port)

                    #expect(head.hasPrefix("HTTP/1.1 200 ") && !head.lowercased().contains("content-length"))
                    #expect(head.hasSuffix("\r\n\r\n") && head.components(separatedBy: "\r\n\r\n").count == 2)
                    #expect(try await rangesRead(from: redis) == before)
                }
            }
        }
    }

    @Test func `after a HEAD the same connection answers on`() async throws {
        try await withServer { server in
            let two = try await answer(
                "HEAD /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: server.port)
            let parts = two.components(separatedBy: "\r\n\r\n")
            #expect(parts.count == 3 && parts[1].hasPrefix("HTTP/1.1 200 ") && parts[2].hasPrefix("{"))
            #expect(parts[0].lowercased().contains("content-length: \(parts[2].utf8.count)"))
        }
    }

    @Test func `the parts of a path may be percent-encoded`() async throws {
        try await withServer { server in
            let conversation = try await server.ask("Go")
            let encoded = conversation.utf8.map { "%" + String($0, radix: 16) }.joined()
            let text = try await answer(
                "GET /%61pi/agent/stream/\(encoded) HTTP/1.0\r\nAccept: text/plain\r\n\r\n", port: server.port)
            #expect(text.hasPrefix("HTTP/1.0 200 ") && text.contains("Go: One"))
        }
    }

    @Test(arguments: [
        "GET * HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT localhost:80 HTTP/1.1", "GET ? HTTP/1.1",
        "GET /?%zz&=&cursor HTTP/1.1",
        "GET http:// HTTP/1.1", "GET http://localhost HTTP/1.1", "GET http://localhost:1?x HTTP/1.1",
        "TRACE / HTTP/1.1",
        "GET //// HTTP/1.1", "GET /api/agent/stream/x?cursor=%ff HTTP/1.1", "GET /api/agent/stream/.. HTTP/1.1",
        "GET /# HTTP/1.1", "PRI * HTTP/2.0", "GET /api/health HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade",
    ])
    func `an unusual target is answered, and the server goes on`(line: String) async throws {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            connection.finish()
            _ = await connection.readAll()
            #expect(try await server.send("/api/health").status == 200)
        }
    }

    /// How many times Redis was asked for entries of a stream.
    private func rangesRead(from redis: Redis) async throws -> Int {
        let text = try await redis.send("INFO", "commandstats").text ?? ""
        return text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("cmdstat_x") && $0.contains("range") }
            .compactMap { $0.firstMatch(of: /calls=(\d+)/).flatMap { Int($0.1) } }.reduce(0, +)
    }
}
