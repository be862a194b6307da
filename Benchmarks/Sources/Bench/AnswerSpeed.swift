// What a token costs when models are faster than Redis: many agents that write their answers at once.
// Run:    swift run -c release --package-path Benchmarks bench answers
// Expect: tokens per second that get into the logs, against XADD in batches of 256 from C.

import AgentKit
import AgentRuns
import ArgumentParser
import Limits
import LocalRedis
import StreamKit
import Synchronization

/// `answers`: how many tokens agents log per second, fence, checkpoint and queue included.
struct AnswerSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answers", abstract: "Measures how many tokens agents log per second.")
    @ParentCommand var bench: Bench
    @Option(help: "How many runs at once.") var runs = 50
    @Option(help: "How many tokens each of them writes, as fast as it can.") var tokens = 10_000

    func validate() throws {
        guard runs > 0, tokens > 0 else { throw ValidationError("counts must be 1 or more") }
    }

    func run() async throws {
        try await withLocalRedis(options: .init(tcp: true)) { server in
            let transport = Transport.all(of: server)[0]
            let total = runs * tokens
            try await withRedis(transport.configuration) { redis in
                var (logged, appended, entries): ([Double], [Double], [Double]) = ([], [], [])
                for round in 1...bench.rounds {
                    Report.progress("round \(round) of \(bench.rounds): \(runs) answers of \(tokens) tokens")
                    let hiredis = try HiredisConnection(transport)
                    let plain = try await hiredis.seconds {
                        limit_enqueue_in_batches($0, "bench:plain", Int32(total), 256)
                    }
                    appended.append(Double(total) / plain)
                    _ = try await redis.send("DEL", "bench:plain")
                    let (seconds, count) = try await answers(through: redis, round)
                    logged.append(Double(total) / seconds)
                    entries.append(Double(count) / Double(total))
                }
                Report.progress(nil)
                let row = Row(
                    name: "tokens of \(runs) answers at once", value: median(logged), unit: "tokens/s",
                    against: "C hiredis, XADD in batches", limit: median(appended), bar: .atLeast(0.5))
                print(Report.table(of: [row]))
                print("An entry held \(Int((1 / median(entries)).rounded())) tokens.")
            }
        }
    }

    /// Lets agents answer, and returns how long that took and how many entries their logs have.
    private func answers(through redis: Redis, _ round: Int) async throws -> (seconds: Double, entries: Int) {
        let agents = AgentRuns(redis: redis)
        let (answered, continuation) = AsyncStream.makeStream(of: AgentResponse.self)
        let agent = Talker(
            model: FastModel(tokens: tokens), callbacks: [Listener { continuation.yield($0) }])
        let worker = AgentWorker(runs: agents, agents: [agent], name: "bench", concurrency: runs)
        let names = (0..<runs).map { "bench-\(round)-\($0)" }
        let time = try await seconds {
            try await withThrowingTaskGroup { group in
                group.addTask { try await worker.run() }
                for name in names {
                    try await agents.submit(
                        RunRequest(conversationID: name, correlationID: name, agent: "talker", message: "Go."))
                }
                var left = runs
                for await response in answered {
                    guard response.text.hasSuffix(" \(tokens)") else {
                        throw LimitFailed(description: "an answer is not whole")
                    }
                    left -= 1
                    if left == 0 { break }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
        var entries = 0
        for name in names {
            let keys = RunNames.keys(of: name)
            entries += try await redis.send("XLEN", keys[0]).integer ?? 0
            for key in keys { _ = try await redis.send("DEL", key) }
        }
        return (time, entries)
    }
}

private struct Talker: Agent {
    let name = "talker"
    let instructions = "Talk."
    let model: any ChatModel
    let tools: [any Tool] = []
    let callbacks: [any AgentCallback]
}

private struct Listener: AgentCallback {
    let hear: @Sendable (AgentResponse) -> Void

    func onResponse(_ response: AgentResponse, _ context: AgentContext) async { hear(response) }
}

/// Counts, a number a token, as fast as it is listened to.
private struct FastModel: ChatModel {
    let name = "fast"
    let tokens: Int

    func respond(to messages: [ChatMessage], tools: [any Tool]) -> AsyncThrowingStream<ChatDelta, any Error> {
        let last = Mutex(0)
        return AsyncThrowingStream {
            await Task.yield()
            let number = last.withLock { last in
                last += 1
                return last
            }
            return number <= tokens ? .text(" \(number)") : nil
        }
    }
}
