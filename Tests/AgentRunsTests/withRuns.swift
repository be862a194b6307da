import StreamKit
import TestSupport

@testable import AgentRuns

struct RunLoad: Equatable {
    let waiting: Int
    let running: Int
}

extension AgentRuns {
    func request(in conversation: String = scratchKey()) -> RunRequest {
        RunRequest(conversationID: conversation, correlationID: scratchKey(), agent: "Echo", message: "Go")
    }

    func submitted() async throws -> RunRequest {
        let request = request()
        try await submit(request)
        return request
    }

    func end(of request: RunRequest) async throws -> RunEvent.Kind? {
        try await log(of: request.conversationID).end(of: request)
    }

    /// How many runs wait for a worker, and how many are being worked on.
    func load() async throws -> RunLoad {
        let waiting = try await redis.send("ZCARD", names.waiting[0]).integer ?? 0
        return RunLoad(waiting: waiting, running: try await queue.status().running)
    }

    /// How many runs of a caller wait (HGET).
    func waitingRuns(of caller: String) async throws -> Int {
        try await redis.send("HGET", names.waiting[2], caller).integer ?? 0
    }

    /// Makes every waiting run look as if it had waited for a while.
    func makeDue() async throws {
        for id in try await redis.send("ZRANGE", names.waiting[0], "0", "-1").elements?.compactMap(\.text) ?? [] {
            try await redis.send("ZADD", names.waiting[0], "0", id)
        }
    }

    /// Runs a worker that answers each request with its own words, for the length of the body.
    func working(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let worker = worker(as: "worker") { writer in
                try await writer.append(.text, text: writer.request.message)
                try await writer.complete()
            }
            group.addTask { try await worker.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

extension RunLog {
    /// How a run has ended (HGET).
    func end(of request: RunRequest) async throws -> RunEvent.Kind? {
        guard let number = try await redis.send("HGET", stateKey, "run:\(request.correlationID)").text else {
            return nil
        }
        return try await redis.send("HGET", stateKey, "status:\(number)").text.map(RunEvent.Kind.init(rawValue:))
    }
}

func withRuns(
    _ retention: RunRetention = .init(), limits: RunLimits = .init(), _ hint: String = #function,
    _ body: (AgentRuns) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        let names = RunNames(queueKey: scratchKey(hint))
        let runs = AgentRuns(redis: redis, names: names, retention: retention, limits: limits)
        try await body(runs)
        try await redis.send(["DEL"] + names.sharedKeys)
    }
}
