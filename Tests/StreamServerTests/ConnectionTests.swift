import Foundation
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("One connection within its limits", .timeLimit(.minutes(2)))
struct ConnectionTests {
    private let chunked = "Transfer-Encoding: chunked\r\n\r\n"
    private let chunks = String(repeating: "1\r\na\r\n", count: 5)

    @Test func `a GET with a body is refused, and its connection closes`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            for body in [chunked + chunks + "0\r\n\r\n", chunked + chunks, "Content-Length: 5\r\n\r\nabcde"] {
                let connection = try RawConnection(port: server.port)
                await connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n" + body)
                let answer = await connection.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("unexpected_body"), "\(answer)")
                #expect(answer.contains("Connection: close\r\n"))
            }
        }
    }

    @Test func `viewers that sent a body and left do not use up the connections`() async throws {
        try await withServer(adjust: { $0.connections.connections = 4 }) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            for _ in 0..<20 {
                let connection = try RawConnection(port: server.port)
                await connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n" + chunked + chunks)
                _ = await connection.read(until: "\r\n\r\n")
            }
            try await eventually("the server has places again") {
                try await health(of: server.port).hasPrefix("HTTP/1.1 200 ")
            }
        }
    }

    @Test(arguments: ["", "G", "GET / HTTP/1.1\r\nHost: localhost\r\n"])
    func `a head that does not come to an end closes the connection`(start: String) async throws {
        try await withServer(adjust: { $0.connections.headTime = .milliseconds(100) }) { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(start)
            #expect(await connection.readAll() == "")
        }
    }

    @Test func `a head that comes byte by byte gets no more time than another`() async throws {
        try await withServer(adjust: { $0.connections.headTime = .milliseconds(200) }) { server in
            let connection = try RawConnection(port: server.port)
            await connection.send("GET / HTTP/1.1\r\nX-Slow: ")
            // Ends when the server has hung up.
            while await connection.send("a") { try await Task.sleep(for: .milliseconds(10)) }
            #expect(await connection.readAll() == "")
        }
    }

    @Test func `a body that does not come to an end is answered 408, and starts nothing`() async throws {
        try await withServer(adjust: { $0.connections.bodyTime = .milliseconds(100) }) { server in
            for framing in ["Content-Length: 10\r\n\r\nabc", chunked + "3\r\nabc\r\n"] {
                let connection = try RawConnection(port: server.port)
                await connection.send(post("/api/agents/TravelPlanner/run") + framing)
                let answer = await connection.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("request_timeout"), "\(answer)")
            }
            #expect(try await server.redis.stream(server.queue.key).info()?.entriesAdded ?? 0 == 0)
        }
    }

    @Test func `a connection that asks for nothing more is closed`() async throws {
        try await withServer(adjust: { $0.connections.idleTime = .milliseconds(100) }) { server in
            let connection = try RawConnection(port: server.port)
            let request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
            await connection.send(request + request)
            let answer = await connection.readAll()
            #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count == 3)
            #expect(!answer.contains("Connection: close"))
        }
    }

    @Test(arguments: [("/nowhere", "404"), ("/api/agents/TravelPlanner/run", "413"), ("/api/health", "405")])
    func `a body without end gets its answer, and then the connection closes`(path: String, status: String)
        async throws
    {
        try await withServer { server in
            let connection = try RawConnection(port: server.port)
            await connection.send(post(path) + chunked)
            let chunk = "4000\r\n" + String(repeating: "a", count: 0x4000) + "\r\n"
            // Ends when the server has hung up.
            while await connection.send(chunk) {}
            #expect(await connection.readAll().hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func `of many requests sent at once the first ones are answered, the rest is dropped`() async throws {
        try await withServer(adjust: { $0.connections.pipelinedRequests = 8 }) { server in
            let connection = try RawConnection(port: server.port)
            let request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
            async let sending = connection.send(String(repeating: request, count: 2_000))
            let answer = await connection.readAll()
            _ = await sending
            #expect(answer.components(separatedBy: "HTTP/1.1 200 ").count - 1 == 8)
            #expect(answer.components(separatedBy: "Connection: close").count - 1 == 1)
        }
    }

    @Test func `a connection beyond the limit is told so, and one that ends makes room`() async throws {
        try await withServer(adjust: { $0.connections.connections = 1 }) { server in
            var first: RawConnection? = try RawConnection(port: server.port)
            await first?.send("GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = await first?.read(until: "\r\n\r\n")

            let refused = try await health(of: server.port)
            #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("too_many_connections"))
            #expect(refused.contains("Retry-After: "))

            first = nil
            try await eventually("the next one is served") {
                try await health(of: server.port).hasPrefix("HTTP/1.1 200 ")
            }
        }
    }

    @Test func `a viewer that never reads is cut off`() async throws {
        let words = (0..<400).map { _ in String(repeating: "x", count: 16_384) }
        try await withServer(script: words) {
            $0.connections.connections = 1
            $0.connections.idleTime = .milliseconds(100)
            $0.connections.stallTime = .milliseconds(200)
        } _: { server in
            let conversation = try await server.ask("Go")
            try await eventually("the answer is complete") {
                try await server.redis.stream("agent-stream:\(conversation)").length() > 400
            }
            // There is none while the client that sent the prompt keeps its connection.
            try await eventually("there is room for the viewer") {
                let viewer = try RawConnection(port: server.port, receiveBuffer: 8_192)
                await viewer.send("GET /api/agent/stream/\(conversation) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                guard await viewer.read(until: "retry:").contains(" 200 ") else { return false }
                try await eventually("its place is free again, though it has not hung up") {
                    try await health(of: server.port).hasPrefix("HTTP/1.1 200 ")
                }
                #expect(await !viewer.readAll().contains("event: done"))
                return true
            }
        }
    }

    @Test func `a client that sends and never reads is cut off`() async throws {
        try await withServer(adjust: { $0.connections.stallTime = .milliseconds(200) }) { server in
            let connection = try RawConnection(port: server.port, receiveBuffer: 8_192)
            let request = "GET /page/page.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
            // Ends when the server has hung up.
            while await connection.send(request) {}
            #expect(try await health(of: server.port).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(arguments: ["HTTP/1.0", "HTTP/1.1", "HTTP/1.1\r\nConnection: close"])
    func `a viewer that leaves while nothing happens makes room at once`(version: String) async throws {
        try await withServer(pace: .seconds(600), script: []) {
            $0.connections.connections = 1
            $0.connections.idleTime = .milliseconds(100)
            $0.pingInterval = .seconds(600)
        } _: { server in
            let conversation = try await server.ask("Go")
            try await eventually("there is room for the viewer") {
                let viewer = try RawConnection(port: server.port)
                await viewer.send("GET /api/agent/stream/\(conversation) \(version)\r\nHost: localhost\r\n\r\n")
                return await viewer.read(until: "event: message").contains(" 200 ")
            }
            try await eventually("there is room again") {
                try await health(of: server.port).hasPrefix("HTTP/1.1 200 ")
            }
        }
    }

    private func post(_ path: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    }

    private func health(of port: Int) async throws -> String {
        let connection = try RawConnection(port: port)
        await connection.send("GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await connection.readAll()
    }
}
