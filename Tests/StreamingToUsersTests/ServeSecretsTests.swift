import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite("Lesson 5's server with tokens, and told to stop", .timeLimit(.minutes(2)))
struct ServeSecretsTests {
    private let serve = ["streaming-to-users", "serve", "--port", "0", "--no-worker"]
    private let token = "ann-token-0123456789"

    @Test func `a prompt needs a token of the environment, and the command line sends it`() async throws {
        try await withPrograms { programs in
            let tokens = ["STREAM_SERVER_TOKENS": "ann:\(token)"]
            let server = try await programs.start("streaming-to-users", "serve", "--port", "0", environment: tokens)
            let url = try await client(of: server).server

            let ask = ["streaming-to-users", "ask", "Plan", "--server", url]
            let without = try await programs.start(ask)
            #expect(await without.end() == .exited(1))
            #expect(without.complained.contains("asks for a token"), "\(without.complained)")
            let with = try await programs.start(ask, environment: ["STREAM_SERVER_TOKEN": token])
            #expect(await with.end() == .exited(0), "\(with.complained)")
        }
    }

    @Test(arguments: [
        ("ann:bad token 0123456789", "Token 1"), ("ann:short", "Token 1"), ("ann:ann-token\u{0}0123456789", "Token 1"),
        ("", "no token"),
    ])
    func `a file that holds no good token stops the start, with a reason that does not show it`(
        text: String, reason: String
    ) async throws {
        try await withPrograms { programs in
            let file = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)")
            try Data(text.utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let server = try await programs.start(serve + ["--tokens-file", file.path])
            #expect(await server.end() == .exited(1))
            #expect(server.complained.contains(reason), "\(server.complained)")
            #expect(!server.complained.contains("0123456789"))
        }
    }

    @Test func `a short key for links stops the start`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start(serve, environment: ["STREAM_SERVER_LINK_KEY": "short"])
            #expect(await server.end() == .exited(1))
            #expect(server.complained.contains("STREAM_SERVER_LINK_KEY"), "\(server.complained)")
        }
    }

    @Test func `a server that drains is alive and not ready, and a second signal ends it at once`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start(serve + ["--drain-seconds", "60"])
            let url = try await client(of: server).server

            server.send(SIGTERM)

            try await eventually("it is not ready") { try await status(of: url + "/api/ready") == 503 }
            #expect(try await status(of: url + "/api/live") == 200)
            server.send(SIGTERM)
            #expect(await server.end() == .exited(143))
        }
    }

    private func status(of url: String) async throws -> UInt {
        try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10)).status.code
    }
}
