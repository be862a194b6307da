import Foundation
import NIOHTTP1
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Who may act through this server")
struct AccessTests {
    private func answer(_ lines: String..., port: Int) async throws -> String {
        let connection = try RawConnection(port: port)
        await connection.send(lines.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n")
        return await connection.readAll()
    }

    @Test func `a request for another host is refused, and one for this machine is served`() async throws {
        try await withServer(adjust: { $0.allowedHosts = ["chat.example.com"] }) { server in
            let own = [
                "localhost", "LOCALHOST:\(server.port)", "127.0.0.1:1", "127.1.2.3", "[::1]:80", "app.localhost",
                "localhost.", "chat.example.com:443",
            ]
            for host in own {
                let answer = try await answer("GET /api/health HTTP/1.1", "Host: \(host)", port: server.port)
                #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(host)")
            }
            let foreign = [
                "evil.example", "localhost.evil.example", "127.evil.example", "10.0.0.1", "[::2]",
                "chat.example.com.evil",
            ]
            for host in foreign {
                for path in ["/", "/api/health", "/nowhere"] {
                    let answer = try await answer("GET \(path) HTTP/1.1", "Host: \(host)", port: server.port)
                    #expect(answer.hasPrefix("HTTP/1.1 421 "), "\(host)")
                    #expect(answer.contains("--allowed-host"))
                }
            }
            let absolute = try await answer(
                "GET http://evil.example/api/health HTTP/1.1", "Host: localhost", port: server.port)
            #expect(absolute.hasPrefix("HTTP/1.1 421 "))
            for target in ["http://localhost/api/health", "http://127.0.0.1:1/api/health?x", "http://localhost?x"] {
                let own = try await answer("GET \(target) HTTP/1.1", "Host: evil.example", port: server.port)
                #expect(own.hasPrefix("HTTP/1.1 200 "), "\(target)")
            }
        }
    }

    @Test(arguments: [("0.0.0.0", "10.0.0.1", 200), ("0.0.0.0", "evil.example", 421), ("127.0.0.1", "10.0.0.1", 421)])
    func `a server on every interface may be called by any address, but not by any name`(
        listening: String, host: String, status: Int
    ) async throws {
        try await withServer(adjust: { $0.host = listening }) { server in
            let answer = try await answer("GET /api/health HTTP/1.1", "Host: \(host)", port: server.port)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func `a request names exactly one host`() async throws {
        try await withServer { server in
            let none = try await answer("GET /api/health HTTP/1.1", port: server.port)
            #expect(none.hasPrefix("HTTP/1.1 400 ") && none.contains("missing_host"))
            let two = try await answer(
                "GET /api/health HTTP/1.1", "Host: localhost", "Host: localhost", port: server.port)
            #expect(two.hasPrefix("HTTP/1.1 400 "))
            // The older version of HTTP has no such header.
            #expect(try await answer("GET /api/health HTTP/1.0", port: server.port).hasPrefix("HTTP/1.0 200 "))
        }
    }

    @Test func `a page of another origin can neither start nor cancel a run`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("Go")
            let run = "/api/agents/TravelPlanner/run", cancel = "/api/agent/stream/\(conversation)/cancel"
            let foreign: [[String: String]] = [
                ["Origin": "http://evil.example"], ["Origin": "null"], ["Origin": "http://localhost:1"],
                ["Origin": "http://127.0.0.1:1"], ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
                ["Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"],
                ["Origin": "http://evil.example", "Content-Type": "text/plain"],
            ]
            for headers in foreign {
                for path in [run, cancel] {
                    let answer = try await server.send(path, method: .POST, headers: headers, body: Array("x".utf8))
                    #expect(answer.status == 403 && answer.text.contains("foreign_origin"), "\(headers)")
                }
            }
            #expect(try await server.redis.stream(server.queue.key).info()?.entriesAdded == 1)
            let own = ["Origin": server.url, "Sec-Fetch-Site": "same-origin"]
            #expect(try await server.send(cancel, method: .POST, headers: own).status == 202)
        }
    }

    @Test func `a page that came through an allowed proxy can act`() async throws {
        try await withServer(adjust: { $0.allowedHosts = ["chat.example.com"] }) { server in
            let answer = try await server.send(
                "/api/agents/TravelPlanner/run", method: .POST,
                headers: ["Origin": "https://chat.example.com", "Content-Type": "text/plain"], body: Array("x".utf8))
            #expect(answer.status == 202)
        }
    }
}
