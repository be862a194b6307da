#if os(Linux)
import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("A server that has run out of file descriptors", .timeLimit(.minutes(3)))
struct ExhaustionTests {
    /// Starts a server, takes its descriptors away, and opens more connections than it can accept.
    private func withExhaustedServer(
        _ body: (Program, Int, _ connections: inout [RawConnection]) async throws -> Void
    ) async throws {
        try await withPrograms { programs in
            try await withScratchServer { local in
                let port = try #require(local.port)
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", "redis://127.0.0.1:\(port)")
                try await server.says("Ctrl-C stops the server")
                let http = try #require(server.said.firstMatch(of: /http:\/\/127.0.0.1:([0-9]+)/).flatMap { Int($0.1) })
                // The server has read its limit already, so its own limit on connections does not prevent this.
                try takeDescriptors(from: server.id, butFor: 48)
                var connections = try (0..<100).map { _ in try RawConnection(port: http) }
                try await eventually("no descriptor is left") {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.id)/fd").count >= 48
                }
                try await body(server, http, &connections)
            }
        }
    }

    /// Lowers the limit of a process that runs already (util-linux).
    private func takeDescriptors(from process: Int32, butFor count: Int) throws {
        let command = Process()
        command.executableURL = URL(filePath: "/usr/bin/env")
        command.arguments = ["prlimit", "--pid", "\(process)", "--nofile=\(count):\(count)"]
        try command.run()
        command.waitUntilExit()
        #expect(command.terminationStatus == 0)
    }

    @Test func `it serves again once clients have left`() async throws {
        try await withExhaustedServer { server, port, connections in
            connections.removeAll()
            try await eventually("health is well again") {
                let connection = try RawConnection(port: port)
                await connection.send("GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return await connection.readAll().hasPrefix("HTTP/1.1 200 ")
            }
        }
    }

    @Test func `it stops when it is told to`() async throws {
        try await withExhaustedServer { server, _, connections in
            server.send(SIGTERM)
            let end = await server.end()
            #expect(end == .exited(143), "\(server.complained)")
            #expect(!server.complained.contains("took too long"), "\(server.complained)")
            _ = connections.count
        }
    }
}
#endif
