import AgentRuns
import AgentKit
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("The log as a checkpoint")
struct CheckpointTests {
    @Test func `a second attempt takes tool results from the log and says its turn again`() async throws {
        try await withConversation { log, request in
            let calls = Shared(0)
            let failing = agent(calls) { throw ModelTrouble() }
            await #expect(throws: ModelTrouble.self) {
                try await failing.answer(through: log.begin(request, token: 1))
            }
            try await agent(calls) {}.answer(through: log.begin(request, token: 2))

            let history = try await log.history()
            #expect(history.usages.count == 2)
            #expect(calls.now == 1)
            #expect(history.compactMap(\.text).joined() == "half half whole")
            #expect(history.answer == "half whole")
        }
    }

    @Test func `the attempt event names the last entry that still counts`() async throws {
        try await withConversation { log, request in
            let failing = agent(Shared(0)) { throw ModelTrouble() }
            try? await failing.answer(through: log.begin(request, token: 1))
            try await agent(Shared(0)) {}.answer(through: log.begin(request, token: 3))

            let history = try await log.history()
            let attempt = try #require(history.first { $0.kind == .attempt })
            let counts = try #require(history.firstIndex { $0.id == attempt.lastValidID })
            #expect(try JSONValue(parsing: attempt.data ?? "")["attempt"] == 2)
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
                group.addTask { try await zombie.answer(through: log.begin(request, token: 1)) }
                try await eventually("the zombie has spoken") { try await !log.history().answer.isEmpty }

                try await TestAgent { _ in [.text("whole")] }.answer(through: log.begin(request, token: 2))
                open.finish()

                await #expect(throws: RunLogError.staleAttempt(attempt: 1, current: 2)) {
                    try await group.waitForAll()
                }
            }
            #expect(try await log.history().answer == "whole")
        }
    }

    @Test(arguments: ["same", ""])
    func `calls with one ID for all are told apart by their place`(id: String) async throws {
        try await withConversation { log, request in
            let calls = Shared(0)
            let agent = { (attempt: Int) in
                var agent = TestAgent { messages in
                    if messages.results.isEmpty { return [.call("count", [:], id: id), .call("count", [:], id: id)] }
                    if attempt == 1 { throw ModelTrouble() }
                    return [.text(messages.results.map(\.text).sorted().joined(separator: " "))]
                }
                agent.tools = [CountingTool(calls: calls)]
                return agent
            }
            await #expect(throws: ModelTrouble.self) {
                try await agent(1).answer(through: log.begin(request, token: 1))
            }
            try await agent(2).answer(through: log.begin(request, token: 2))

            #expect(calls.now == 2)
            #expect(try await log.history().answer == #"{"calls":1} {"calls":2}"#)
        }
    }

    @Test func `an answer of 30,000 words does not push a finished tool call out of the checkpoint`() async throws {
        try await withConversation { log, request in
            let calls = Shared(0)
            let words = 30_000
            let failing = agent(calls) { throw ModelTrouble() }
            let writer = try await log.begin(request, token: 1)
            await #expect(throws: ModelTrouble.self) { try await failing.answer(through: writer) }
            for _ in 0..<words { try await writer.append(.text, text: "half ") }
            #expect(try await log.stream.length() > words)
            try await agent(calls) {}.answer(through: log.begin(request, token: 2))

            #expect(calls.now == 1)
            #expect(try await log.history().answer == "half whole")
        }
    }

    @Test func `numbers in arguments and results keep their digits over a takeover`() async throws {
        try await withConversation { log, request in
            let number = "2512292042121000001"
            let heard = Shared<[JSONValue]>([])
            let agent = { (attempt: Int) in
                var agent = TestAgent { messages in
                    if messages.results.isEmpty {
                        return [.call("echo", try JSONValue(parsing: #"{"id":\#(number)}"#))]
                    }
                    if attempt == 1 { throw ModelTrouble() }
                    heard.change { $0 = messages.results }
                    return [.text("done")]
                }
                agent.tools = [EchoTool()]
                return agent
            }
            try? await agent(1).answer(through: log.begin(request, token: 1))
            try await agent(2).answer(through: log.begin(request, token: 2))

            #expect(heard.now.map(\.text) == [#"{"heard":{"id":\#(number)},"price":0.10}"#])
        }
    }

    @Test func `whatever a log holds, a checkpoint is read from it`() async throws {
        var generator = SeededGenerator(seed: 3)
        let values = [
            "{}", "[]", "nonsense", #"{"turn":1,"tool_calls":[]}"#, #"{"turn":9223372036854775807,"tool_calls":[{}]}"#,
            #"{"turn":1e400,"call":-1,"action":"result","result":null}"#, #"{"turn":1,"call":0,"action":"result"}"#,
            #"{"message":7}"#, #"{"last_valid_id":"0-0","attempt":-5}"#, String(repeating: "[", count: 5_000),
        ]
        for _ in 0..<40 {
            try await withConversation { log, request in
                try? await TestAgent { _ in throw ModelTrouble() }.answer(through: log.begin(request, token: 1))
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    let kind = RunEvent.Kind.known.filter { !$0.isTerminal }.randomElement(using: &generator) ?? .text
                    try await log.stream.append([
                        "event": kind.rawValue, "data": values.randomElement(using: &generator) ?? "",
                        "run": ["1", "0", "-1", "9223372036854775807"].randomElement(using: &generator) ?? "1",
                    ])
                }
                try await TestAgent { _ in [.text("done")] }.answer(through: log.begin(request, token: 2))
                #expect(try await log.history().last?.kind == .taskCompleted)
            }
        }
    }

    /// An agent that uses a tool once, and then says two words with something between them.
    private func agent(
        _ calls: Shared<Int>, between: @escaping @Sendable () throws -> Void
    ) -> TestAgent {
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
    let isSafeToRepeat = true
    let calls: Shared<Int>

    func call(_ arguments: JSONValue) async throws -> JSONValue {
        let count = calls.withLock { calls in
            calls += 1
            return calls
        }
        return ["calls": JSONValue(count)]
    }
}

private struct EchoTool: Tool {
    let name = "echo"
    let summary = "Says what it heard."
    let parameters: JSONValue = [:]
    let isSafeToRepeat = true

    func call(_ arguments: JSONValue) async throws -> JSONValue {
        ["heard": arguments, "price": try JSONValue(parsing: "0.10")]
    }
}
