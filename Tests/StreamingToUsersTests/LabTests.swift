import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite("The lab of lesson 5's server", .timeLimit(.minutes(2)))
struct LabTests {
    @Test func `a run whose worker is killed, and whose Redis crashes after that, ends with the usual answer`()
        async throws
    {
        try await withLab { server, lab in
            let prompt = "Plan a 1-day trip to Tokyo"
            let undisturbed = try await lab.client.text(of: try await lab.client.ask(prompt))

            let conversation = try await lab.client.ask(prompt)
            let victim = try await lab.busyWorker()
            #expect(try await lab.act("workers/\(victim)/kill") == 200)
            #expect(try await lab.report().workers.contains { $0.process == victim && $0.state == "dead" })
            // It says so when it takes the run over.
            try await server.says("attempt 2")
            #expect(try await lab.act("redis/restart") == 200)

            #expect(undisturbed.hasPrefix("# ✈️ Tokyo"))
            #expect(try await lab.client.text(of: conversation) == undisturbed)
        }
    }

    @Test func `a worker can be paused and go on, and another one can be started`() async throws {
        try await withLab { _, lab in
            let first = try #require(try await lab.report().workers.first?.process)
            #expect(try await lab.act("workers/\(first)/pause") == 200)
            #expect(try await lab.report().workers.first?.state == "paused")
            #expect(try await lab.act("workers/\(first)/resume") == 200)
            #expect(try await lab.report().workers.first?.state == "running")
            #expect(try await lab.act("workers") == 200)
            #expect(try await lab.report().workers.count == 3)
            #expect(try await lab.act("workers/1/kill") == 409)
        }
    }

    @Test func `one after the other can be killed and replaced, and of the dead the list keeps a few`() async throws {
        try await withLab { _, lab in
            for _ in 0..<9 {
                let last = try #require(try await lab.report().workers.last { $0.state == "running" })
                #expect(try await lab.act("workers/\(last.process)/kill") == 200)
                #expect(try await lab.act("workers") == 200)
            }
            let workers = try await lab.report().workers
            #expect(workers.count { $0.state == "running" } == 2 && workers.count <= 9)
        }
    }

    @Test func `the report names the streams, and the commands that go by`() async throws {
        try await withLab { _, lab in
            let conversation = try await lab.client.ask("Plan a trip")
            try await eventually("the stream and its commands are reported") {
                let report = try await lab.report()
                return report.streams.contains { $0.key == "agent-stream:\(conversation)" && $0.length > 0 }
                    && report.commands.contains { $0.text.hasPrefix("XADD agent-stream:\(conversation)") }
            }
        }
    }

    @Test func `the server's workers end with it, even paused ones`() async throws {
        try await withLab { server, lab in
            let workers = try await lab.report().workers.map(\.process)
            #expect(workers.count == 2)
            #expect(try await lab.act("workers/\(workers[0])/pause") == 200)
            server.send(SIGKILL)
            _ = await server.end()
            try await eventually("the workers are gone") { workers.allSatisfy { kill($0, 0) != 0 } }
        }
    }

    @Test(arguments: [["--redis", "redis://localhost:1"], ["--no-worker"]])
    func `it takes neither another's Redis nor a server without workers`(words: [String]) async throws {
        try await withPrograms { programs in
            let server = try await programs.start(["streaming-to-users", "serve", "--lab", "--port", "0"] + words)
            #expect(await server.end() == .exited(64))
            #expect(server.complained.contains("Leave out \(words[0])"))
        }
    }

    private func withLab(_ body: (Program, LabClient) async throws -> Void) async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "serve", "--lab", "--port", "0")
            try await body(server, LabClient(client: try await client(of: server)))
        }
    }
}

private struct LabClient {
    let client: Client

    struct Report: Decodable {
        struct Worker: Decodable {
            let process: Int32
            let state: String
        }
        struct Group: Decodable { let consumers: [String: Int] }
        struct Stream: Decodable {
            let key: String
            let length: Int
            let groups: [Group]
        }
        struct Command: Decodable { let text: String }
        let workers: [Worker]
        let streams: [Stream]
        let commands: [Command]
    }

    func report() async throws -> Report {
        let answer = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: client.server + "/api/lab"), timeout: .seconds(60))
        let body = try await answer.body.collect(upTo: 1 << 20)
        return try JSONDecoder().decode(Report.self, from: Data(body.readableBytesView))
    }

    /// The process that has a task, as the name of its consumer says it.
    func busyWorker() async throws -> Int32 {
        var busy: Int32?
        try await eventually("a worker has taken the run") {
            let consumers = try await report().streams.flatMap(\.groups).flatMap(\.consumers)
            let name = consumers.first { $0.value > 0 }?.key
            busy = name.flatMap { Int32($0.dropFirst("worker-".count).prefix { $0.isNumber }) }
            return busy != nil
        }
        return try #require(busy)
    }

    func act(_ path: String) async throws -> Int {
        var request = HTTPClientRequest(url: client.server + "/api/lab/" + path)
        request.method = .POST
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(60)).status.code)
    }
}
