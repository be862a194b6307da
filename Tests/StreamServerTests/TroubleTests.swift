import LocalRedis
@testable import AgentRuns
import AsyncHTTPClient
import Foundation
import NIOCore
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Watching while things go wrong", .timeLimit(.minutes(2)))
struct TroubleTests {
    @Test func `a stream goes on after Redis was away`() async throws {
        try await withScratchServer(.init(durable: true, tcp: true)) { local in
            try await withRedis(local.configuration) { redis in
                try await withServer(
                    redis, .init(port: 0, agents: ["TravelPlanner"]), pace: .milliseconds(20),
                    script: (0..<60).map { "word\($0) " }
                ) { server in
                    let path = "/api/agent/stream/" + (try await server.ask("Go"))
                    async let watching = server.events(path)
                    try await eventually("some words are said") {
                        try await server.redis.send("XLEN", "agent-stream:\(path.split(separator: "/").last ?? "")")
                            .integer ?? 0 > 10
                    }

                    await local.kill()
                    #expect(try await server.send("/api/health").status == 503)
                    for probe in ["/api/live", "/api/ready"] { #expect(try await server.send(probe).status == 200) }
                    try await local.restart()

                    let events = try await watching
                    #expect(events.last?.event == "done")
                    let said = events.filter { $0.event == "message" }.map(\.data).joined()
                    #expect(said == "Go: " + (0..<60).map { "word\($0) " }.joined())
                    try await eventually("health is well again") {
                        try await server.send("/api/health").status == 200
                    }
                }
            }
        }
    }

    @Test func `a cursor from before the log was trimmed is gone`() async throws {
        try await withServer { server in
            let conversation = try await server.ask("Go")
            let path = "/api/agent/stream/\(conversation)"
            let all = try await server.events(path + "?events=all")
            let second = try #require(all[1].id)
            _ = try await server.redis.stream("agent-stream:\(conversation)").trim(.maximumLength(2, exact: true))

            let answer = try await server.send(path + "?cursor=\(second)")
            #expect(answer.status == 410 && answer.text.contains("trimmed"))
            let last = try #require(all.last?.id)
            #expect(try await server.send(path + "?cursor=\(last)").status == 200)
        }
    }

    @Test func `events that are trimmed under a viewer end its stream in their place`() async throws {
        try await withServer(pace: .seconds(600), script: []) { server in
            let conversation = try await server.ask("Go")
            let stream = server.redis.stream("agent-stream:\(conversation)")
            try await eventually("a worker has begun") { try await stream.length() > 2 }
            async let watching = server.events("/api/agent/stream/\(conversation)")
            // What comes next is written as the log's own scripts write it, but for a gap.
            try await eventually("the viewer waits") {
                try await server.redis.send("INFO", "clients").text?.contains("blocked_clients:0") == false
            }
            try await stream.append(["event": "text", "sequence": "700", "run": "1", "text": "after the gap"])

            let events = try await watching
            let last = try #require(events.last)
            #expect(last.event == "error" && last.data.contains("trimmed"))
            let gap = try #require(events.dropLast().last)
            let newest = try await stream.entriesReversed(limit: 2).map(\.id)
            let ends = #"{"after":"\#(newest[1])","before":"\#(newest[0])","snapshot":"/api/runs/\#(conversation)"}"#
            #expect(gap.event == "gap" && gap.data == ends)
        }
    }

    @Test func `viewers that stop reading cost a fixed amount, and get everything once they read on`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { local in
                try await withRedis(local.configuration) { redis in
                    let port = try #require(local.port)
                    let server = try await programs.start(
                        "streaming-to-users", "serve", "--port", "0", "--no-worker",
                        "--redis", "redis://127.0.0.1:\(port)")
                    try await server.says("Ctrl-C stops the server")
                    let http = try #require(
                        server.said.firstMatch(of: /http:\/\/127.0.0.1:([0-9]+)/).flatMap { Int($0.1) })
                    let words = try await writeLargeLog("agent-stream:large", redis, count: 4_000, size: 8_192)
                    let request = "GET /api/agent/stream/large HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    let before = try memory(of: server.id)

                    let viewers = try (0..<10).map { _ in try RawConnection(port: http, receiveBuffer: 16_384) }
                    for viewer in viewers { await viewer.send(request) }
                    try await eventually("every viewer has begun") { viewers.allSatisfy { $0.waiting > 0 } }
                    // A server that kept what is not read yet would hold 32 MB a viewer as fast as Redis delivers it.
                    let read = await viewers[0].readAll()

                    let grown = try memory(of: server.id) - before
                    #expect(grown < 120 << 20, "grown by \(grown >> 20) MB, of 320 MB that were not read")
                    #expect(read.components(separatedBy: "event: message").count - 1 == words)
                }
            }
        }
    }
}

/// A conversation as another program could have written it: text, and at the end `done`.
private func writeLargeLog(_ key: String, _ redis: Redis, count: Int, size: Int) async throws -> Int {
    let text = String(repeating: "x", count: size)
    for start in stride(from: 0, to: count, by: 200) {
        let replies = try await redis.pipeline { batch in
            for _ in start..<(start + 200) { batch.add("XADD", key, "*", "text", text) }
        }
        for reply in replies { _ = try reply.get() }
    }
    _ = try await redis.send("XADD", key, "*", "done", "true")
    return count
}

/// Bytes of memory that a process has.
private func memory(of process: Int32) throws -> Int {
    let ps = Process()
    ps.executableURL = URL(filePath: "/bin/ps")
    ps.arguments = ["-o", "rss=", "-p", String(process)]
    let pipe = Pipe()
    ps.standardOutput = pipe
    try ps.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    ps.waitUntilExit()
    return (Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) << 10
}
