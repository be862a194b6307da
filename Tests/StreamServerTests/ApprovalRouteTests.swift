import AgentRuns
import NIOHTTP1
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Approvals and waiting in line over HTTP", .timeLimit(.minutes(2)))
struct ApprovalRouteTests {
    @Test(arguments: [("Too dear", "Too dear"), (" ", "no comment")])
    func `a decision is accepted once, and the run goes on; an empty comment is none`(
        comment: String, heard: String
    ) async throws {
        try await withRedisAndServer { redis, configuration, server in
            let runs = AgentRuns(redis: redis, names: configuration.names)
            let request = RunRequest(
                conversationID: scratchKey(), correlationID: scratchKey(), agent: "A", message: "Go")
            let worker = runs.worker(as: "approving") { writer in
                let decisions = try await writer.log.history().filter { $0.kind == .approvalDecided }
                guard let decision = decisions.first?.decodeData(ApprovalDecision.self) else {
                    throw RunPause([ApprovalRequest(call: "1-0", data: "{}")], limit: .seconds(600))
                }
                try await writer.append(
                    .text, text: "\(decision.decision.rawValue): \(decision.comment ?? "no comment")")
                try await writer.complete()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { group.cancelAll() }
                try await runs.submit(request)
                let log = runs.log(of: request.conversationID)
                try await eventually("approval is asked for") {
                    try await log.history().contains { $0.kind == .approvalRequested }
                }
                let path = "/api/runs/\(request.correlationID)/approvals/1-0"
                let post = { (path: String, body: String) in
                    try await server.send(
                        path, method: .POST, headers: ["Content-Type": "application/json"], body: Array(body.utf8))
                }
                for body in ["", "{}", #"{"decision":"maybe"}"#, "[]", String(repeating: "x", count: 20_000)] {
                    #expect(try await post(path, body).status == 400)
                }
                #expect(try await post("/api/runs/nobody/approvals/1-0", #"{"decision":"approve"}"#).status == 404)
                let answer = try await post(path, #"{"decision":"reject","comment":"\#(comment)"}"#)
                #expect(answer.status == 202 && answer.text.contains("rejected"))
                #expect(try await post(path, #"{"decision":"approve"}"#).status == 409)

                try await eventually("the run ends") { try await log.history().last?.isLast == true }
                #expect(try await log.history().answer == "rejected: " + heard)
            }
        }
    }

    @Test func `when_busy is 'queue' or 'refuse'`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("First")
            let ask = { (whenBusy: String) in
                try await server.send(
                    "/api/agents/TravelPlanner/run?when_busy=\(whenBusy)", method: .POST,
                    headers: ["Content-Type": "application/json"],
                    body: Array(#"{"message": "Second", "thread_id": "\#(conversation)"}"#.utf8))
            }
            #expect(try await ask("refuse").status == 409)
            #expect(try await ask("sometimes").status == 400)
            #expect(try await ask("queue").status == 202)
            #expect(try await server.send("/api/agent/stream/\(conversation)/cancel", method: .POST).status == 202)
        }
    }
}

/// A server without the scripted worker, which would take the runs of this test.
private func withRedisAndServer(
    _ body: (Redis, StreamServerConfiguration, RunningServer) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        var served = StreamServerConfiguration(port: 0, agents: ["A"])
        served.names.queueKey = scratchKey("queue")
        try await withIdleServer(redis, served) { try await body(redis, served, $0) }
    }
}

/// A server that no worker helps.
func withIdleServer(
    _ redis: Redis, _ configuration: StreamServerConfiguration, _ body: (RunningServer) async throws -> Void
) async throws {
    let (ports, announce) = AsyncStream<Int>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
        let server = StreamServer(redis: redis, configuration: configuration, logger: silentLogger) {
            announce.yield($0)
        }
        group.addTask {
            defer { announce.finish() }
            try await server.run()
        }
        defer { group.cancelAll() }
        guard let port = await ports.first(where: { _ in true }) else { return try await group.waitForAll() }
        let queue = AgentRuns(redis: redis, names: configuration.names).queue
        try await body(RunningServer(redis: redis, port: port, queue: queue))
    }
}
