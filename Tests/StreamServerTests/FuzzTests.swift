#if os(Linux)
import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("A thousand random requests", .timeLimit(.minutes(2)))
struct FuzzTests {
    private static let count: UInt64 = 1_000

    @Test(arguments: [20_261_126] as [UInt64])
    func `none is answered 5xx, stops the server or keeps its connection`(firstSeed: UInt64) async throws {
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                let configuration = StreamServerConfiguration(port: 0, agents: ["TravelPlanner"])
                try await withServer(redis, configuration, script: ["One ", "two"]) { server in
                    let stream = redis.stream("agent-stream:known")
                    let text = try await stream.append(["text": "Go"])
                    let end = try await stream.append(["done": "true"])
                    let paths = try await paths(of: server)

                    try await inTurns(firstSeed..<firstSeed + Self.count) { seed in
                        let request = FuzzedRequest(
                            seed: seed, paths: paths, conversation: "known", cursors: ["\(text)", "\(end)"])
                        try await check(request, seed, server)
                    }

                    #expect(try await answer(request("/api/health"), server).hasPrefix("HTTP/1.1 200 "))
                    try await eventually("no connection is left") { try connections(to: server.port) == 0 }
                }
            }
        }
    }

    private func request(_ path: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    }

    private func check(_ request: FuzzedRequest, _ seed: UInt64, _ server: RunningServer) async throws {
        let answer = try await answer(request.bytes, server)
        let status = answer.prefixMatch(of: #/HTTP/1\.[01] ([0-9]{3}) /#).flatMap { Int($0.1) }
        let isFine = status.map { $0 < 500 } ?? (answer.isEmpty && !request.mustBeAnswered)
        let asked = String(decoding: request.bytes.prefix(600), as: UTF8.self)
        #expect(isFine, "seed \(seed): \(asked.debugDescription) got \(answer.prefix(300).debugDescription)")
    }

    private func answer(_ request: [UInt8], _ server: RunningServer) async throws -> String {
        let connection = try RawConnection(port: server.port)
        await connection.send(request)
        connection.finish()
        return await connection.readAll()
    }

    /// Runs something for each seed, for 16 of them at a time.
    private func inTurns(_ seeds: Range<UInt64>, _ body: @escaping @Sendable (UInt64) async throws -> Void) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (turn, seed) in seeds.enumerated() {
                if turn >= 16 { try await group.next() }
                group.addTask { try await body(seed) }
            }
            try await group.waitForAll()
        }
    }

    /// All paths of the API, from its own description, and the page's.
    private func paths(of server: RunningServer) async throws -> [String] {
        let document = try await answer(request("/openapi.json"), server).split(separator: "\r\n\r\n")
        let object = try JSONSerialization.jsonObject(with: Data(document[1].utf8)) as? [String: Any]
        let paths = try #require(object?["paths"] as? [String: Any]).keys.sorted()
        return paths + ["/", "/openapi.json"]
    }

    /// How many sockets of a local port the server has open: established ones, and those only the client has closed.
    private func connections(to port: Int) throws -> Int {
        let suffix = ":" + String(format: "%04X", port)
        let lines = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n")
        return lines.map { $0.split(separator: " ") }.count { columns in
            columns.count > 3 && columns[1].hasSuffix(suffix) && ["01", "08"].contains(columns[3])
        }
    }
}
#endif
