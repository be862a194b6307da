import AgentKit
import AgentRuns
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("Tools of a turn", .timeLimit(.minutes(2)))
struct ToolUseTests {
    @Test func `run at the same time, and each result is in the log as it comes`() async throws {
        try await withConversation { log, request in
            let slow = TestTool(name: "slow") { _ in
                try await eventually("the quick one's result is in the log") {
                    try await log.history().usages.contains { $0.tool == "quick" && $0.action == "result" }
                }
                return "slow"
            }
            var agent = TestAgent { messages in
                messages.results.isEmpty
                    ? [.call("slow", [:]), .call("quick", [:], id: "call-2")]
                    : [.text(messages.results.compactMap(\.string).joined(separator: ", "))]
            }
            agent.tools = [slow, TestTool(name: "quick") { _ in "quick" }]

            try await agent.answer(through: log.begin(request, token: 1))

            // The model reads the results in the order of its calls all the same.
            #expect(try await log.history().answer == "slow, quick")
        }
    }

    @Test func `one that fails does not cut off another, whose result is kept for the next attempt`() async throws {
        try await withConversation { log, request in
            let (tried, booked) = (Shared(0), Shared(0))
            let (failed, fail) = AsyncStream<Void>.makeStream()
            let failing = TestTool(name: "failing") { _ in
                tried.change { $0 += 1 }
                defer { fail.finish() }
                if tried.now == 1 { throw ModelTrouble() }
                return "found"
            }
            let booking = TestTool(name: "booking", isSafeToRepeat: false) { _ in
                for await _ in failed {}
                booked.change { $0 += 1 }
                return "booked"
            }
            let agent = agent([failing, booking])

            await #expect(throws: ModelTrouble.self) {
                try await agent.answer(through: log.begin(request, token: 1))
            }
            try await agent.answer(through: log.begin(request, token: 2))

            #expect(tried.now == 2 && booked.now == 1)
            #expect(try await log.history().answer == "found, booked")
        }
    }

    @Test(arguments: [true, false])
    func `a call whose outcome nobody knows is done again only if that is safe`(isSafe: Bool) async throws {
        try await withConversation { log, request in
            let calls = Shared(0)
            let tool = TestTool(name: "book_flight", isSafeToRepeat: isSafe) { _ in
                calls.change { $0 += 1 }
                if calls.now == 1 { try await Task.sleep(for: .seconds(3_600)) }
                return "booked"
            }
            let agent = agent([tool])
            let dying = Task { try await agent.answer(through: log.begin(request, token: 1)) }
            try await eventually("the tool is called") { calls.now == 1 }
            dying.cancel()
            _ = await dying.result

            let second = try await log.begin(request, token: 2)
            if isSafe {
                try await agent.answer(through: second)
                #expect(calls.now == 2)
            } else {
                let failure = await #expect(throws: RunFailure.self) { try await agent.answer(through: second) }
                #expect(failure?.userMessage.contains("not known whether 'book_flight' was carried out") == true)
                #expect(calls.now == 1)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a tool that hangs and does not notice its cancellation is given up`(isSafe: Bool) async throws {
        try await withConversation { log, request in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let waiting = Task { for await _ in gate {} }
            let clock = ManualClock()
            var agent = agent([
                TestTool(name: "hanging", isSafeToRepeat: isSafe) { _ in
                    await waiting.value
                    return .null
                }
            ])
            agent.limits.clock = clock
            let answering = Task { [agent] in try await agent.answer(through: log.begin(request, token: 1)) }
            try await eventually("the tool is called") { clock.sleeps.contains(.seconds(60)) }
            clock.advance(by: .seconds(60))
            let outcome = await answering.result
            open.finish()

            if isSafe {
                try outcome.get()
                let result = try #require(try await log.history().usages.last?.result)
                #expect(result["error"]?.string?.contains("did not answer within 60") == true)
            } else {
                #expect(throws: RunFailure.self) { try outcome.get() }
            }
        }
    }

    @Test func `a result that is too large is told to the model as an error`() async throws {
        try await withConversation { log, request in
            let agent = agent([TestTool(name: "large") { _ in .string(String(repeating: "x", count: 10_000_000)) }])

            try await agent.answer(through: log.begin(request, token: 1))

            let result = try #require(try await log.history().usages.last)
            #expect(result.status == "failed")
            #expect(
                result.result?["error"]
                    == "'large' returned 10000002 bytes, and at most 200000 are read. Ask for less.")
        }
    }

    /// An agent that uses every one of its tools once, and then says what they answered.
    private func agent(_ tools: [TestTool]) -> TestAgent {
        var agent = TestAgent { messages in
            guard messages.results.isEmpty else {
                return [.text(messages.results.map { $0.string ?? "?" }.joined(separator: ", "))]
            }
            return tools.map { .call($0.name, [:], id: $0.name) }
        }
        agent.tools = tools
        return agent
    }
}
