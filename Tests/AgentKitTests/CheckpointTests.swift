import AgentRuns
import AgentKit
import StreamKit
import TestSupport
import Testing

@Suite("The log as a checkpoint")
struct CheckpointTests {
    @Test func `a second attempt takes tool results from the log and says its turn anew`() async throws {
        try await withConversation { log, request in
            let calls = Shared(0)
            let failing = agent(calls) { throw ModelTrouble() }
            await #expect(throws: ModelTrouble.self) {
                try await runAgent(failing, request: request, attempt: 1, log: log)
            }
            try await runAgent(agent(calls) {}, request: request, attempt: 2, log: log)

            let history = try await log.history()
            #expect(history.usages.count == 2)
            #expect(calls.now == 1)
            #expect(history.compactMap(\.text) == ["half ", "half ", "whole"])
            #expect(history.answer == "half whole")
        }
    }

    @Test func `the attempt event names the last entry that still counts`() async throws {
        try await withConversation { log, request in
            let failing = agent(Shared(0)) { throw ModelTrouble() }
            try? await runAgent(failing, request: request, attempt: 1, log: log)
            try await runAgent(agent(Shared(0)) {}, request: request, attempt: 3, log: log)

            let history = try await log.history()
            let attempt = try #require(history.first { $0.kind == .attempt })
            let details = try #require(attempt.decodeData(AttemptDetails.self))
            let counts = try #require(history.firstIndex { "\($0.id)" == details.lastValidID })
            #expect(details.attempt == 3)
            #expect(history[counts].kind != .text && history[counts + 1].kind == .text)
            #expect(history.filter { $0.kind == .taskStarted }.count == 1)
        }
    }

    @Test func `a zombie is refused in the middle of its sentence`() async throws {
        try await withConversation { log, request in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let zombie = TestAgent(
                model: TestModel { _ in
                    AsyncThrowingStream { continuation in
                        continuation.yield(.text("half "))
                        Task {
                            for await _ in gate {}
                            continuation.yield(.text("said"))
                            continuation.finish()
                        }
                    }
                })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await runAgent(zombie, request: request, attempt: 1, log: log) }
                try await eventually("the zombie has spoken") { try await !log.history().answer.isEmpty }

                try await runAgent(TestAgent { _ in [.text("whole")] }, request: request, attempt: 2, log: log)
                open.finish()

                await #expect(throws: RunLogError.staleAttempt(attempt: 1, current: 2)) {
                    try await group.waitForAll()
                }
            }
            #expect(try await log.history().answer == "whole")
        }
    }

    /// An agent that uses a tool once, and then says two words with something between them.
    private func agent(_ calls: Shared<Int>, between: @escaping @Sendable () throws -> Void) -> TestAgent {
        var agent = TestAgent(
            model: TestModel { messages in
                AsyncThrowingStream { continuation in
                    guard !messages.results.isEmpty else {
                        continuation.yield(.call("count", [:]))
                        return continuation.finish()
                    }
                    continuation.yield(.text("half "))
                    do {
                        try between()
                        continuation.yield(.text("whole"))
                        continuation.finish()
                    } catch {
                        continuation.finish(throwing: error)
                    }
                }
            })
        agent.tools = [CountingTool(calls: calls)]
        return agent
    }
}

private struct CountingTool: Tool {
    let name = "count"
    let summary = "Counts its calls."
    let parameters: JSONValue = [:]
    let calls: Shared<Int>

    func call(_ arguments: JSONValue) async throws -> JSONValue {
        calls.change { $0 += 1 }
        return ["calls": .number(Double(calls.now))]
    }
}
