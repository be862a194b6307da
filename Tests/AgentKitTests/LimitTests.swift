import AgentRuns
import FaultKit
import Foundation
import StreamKit
import TestSupport
import Testing

@testable import AgentKit

@Suite("Limits and costs of a run", .timeLimit(.minutes(2)))
struct LimitTests {
    @Test func `a run that takes too long ends, though its model is silent`() async throws {
        try await withConversation { log, request in
            let clock = ManualClock()
            var agent = TestAgent(model: TestModel { _ in AsyncThrowingStream { _ in } })
            agent.limits.clock = clock
            let answering = Task { [agent] in try await agent.answer(through: log.begin(request, token: 1)) }
            try await eventually("the time is taken") { clock.sleeps == [.seconds(600)] }
            clock.advance(by: .seconds(600))

            let outcome = await answering.result
            let failure = #expect(throws: RunFailure.self) { try outcome.get() }
            #expect(failure?.userMessage == "The answer took longer than 600.0 seconds, so it was stopped.")
        }
    }

    @Test func `the time of former attempts counts, and the time in which no worker had the run does not`() async throws
    {
        try await withConversation { log, request in
            let events: [(RunEvent.Kind, Int)] = [
                (.progress, 0), (.taskStarted, 100), (.progress, 101), (.text, 105), (.attempt, 500), (.text, 502),
            ]
            for (kind, seconds) in events {
                try await log.stream.append([
                    "event": kind.rawValue, "timestamp": String(seconds * 1_000),
                    kind == .text ? "text" : "data": "{}",
                ])
            }

            #expect(RunCheckpoint(history: try await log.history(), run: 1).elapsed == .seconds(7))
        }
    }

    @Test func `a run that uses too many tokens is stopped before its next turn`() async throws {
        try await withConversation { log, request in
            let turns = Shared(0)
            var agent = TestAgent { _ in
                turns.change { $0 += 1 }
                return [.call("get_local_events", ["destination": "Rome"]), .usage(TokenUsage(input: 40, output: 20))]
            }
            agent.limits.tokens = 100

            let failure = await #expect(throws: RunFailure.self) {
                try await agent.answer(through: log.begin(request, token: 1))
            }
            #expect(failure?.userMessage.contains("120 tokens, more than its limit of 100") == true)
            #expect(turns.now == 2)
        }
    }

    @Test func `each turn's cost is counted once, however often the run was attempted`() async throws {
        try await withConversation { log, request in
            let agent = { (attempt: Int) in
                TestAgent { messages in
                    if messages.results.isEmpty {
                        return [
                            .call("get_local_events", ["destination": "Rome"]),
                            .usage(TokenUsage(input: 10, output: 5, reasoning: 1)),
                        ]
                    }
                    if attempt == 1 { throw ModelTrouble() }
                    return [.text("done"), .usage(TokenUsage(input: 20, output: 7))]
                }
            }
            try? await agent(1).answer(through: log.begin(request, token: 1))
            try await agent(2).answer(through: log.begin(request, token: 2))

            let history = try await log.history()
            let turns = history.filter { $0.kind == .llmResponse }.compactMap { $0.details?["usage"]?["input_tokens"] }
            #expect(turns == [10, 20])
            #expect(
                history.last?.details?["usage"] == [
                    "input_tokens": 30, "output_tokens": 12, "reasoning_tokens": 1,
                ])
        }
    }

    @Test func `what is said while an entry is on its way leaves with the next one`() async throws {
        let unwritten = UnwrittenDeltas()
        var written: [ChatDelta] = []
        unwritten.add(.text("a"))

        try await unwritten.forEach { delta in
            written.append(delta)
            guard written.count == 1 else { return }
            for text in ["b", "c"] { unwritten.add(.text(text)) }
            unwritten.add(.usage(TokenUsage(input: 1, output: 1)))
            unwritten.add(.text("d"))
            unwritten.finish()
        }

        #expect(written == [.text("a"), .text("bc"), .usage(TokenUsage(input: 1, output: 1)), .text("d")])
    }
}
