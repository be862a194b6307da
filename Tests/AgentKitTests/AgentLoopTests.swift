import AgentRuns
import TravelPlanner
import AgentKit
import StreamKit
import TestSupport
import Testing

@Suite("The loop of an agent")
struct AgentLoopTests {
    @Test func `everything the agent does is in the log, in order`() async throws {
        try await withConversation { log, request in
            try await TravelPlanner(model: ScriptedModel(pace: .zero)).answer(through: log.begin(request, token: 1))

            let history = try await log.history()
            let kinds = history.map(\.kind).filter { $0 != .text }
            #expect(
                kinds == [
                    .taskStarted, .chainOfThought, .progress, .llmResponse, .toolUsage, .toolUsage, .toolUsage,
                    .toolUsage, .chainOfThought, .progress, .llmResponse, .progress, .taskCompleted,
                ])
            #expect(history.usages.map(\.action) == ["call", "call", "result", "result"])
            #expect(history.allSatisfy { $0.kind == .text || $0.data != nil })
            #expect(history.map(\.sequence) == Array(history.indices))
        }
    }

    @Test func `what a model's service says about a turn, and what it cost, is in the log`() async throws {
        try await withConversation { log, request in
            let notice = ModelNotice(.promptFilter, isFinding: false, message: "The prompt was checked.")
            let agent = TestAgent { _ in [.notice(notice), .text("Hi"), .usage(TokenUsage(input: 7, output: 2))] }

            try await agent.answer(through: log.begin(request, token: 1))

            let history = try await log.history()
            #expect(history.contains { $0.kind == .progress && $0.decodeData(ModelNotice.self) == notice })
            let turn = try #require(history.first { $0.kind == .llmResponse }?.decodeData(JSONValue.self))
            #expect(turn["usage"] == ["input_tokens": 7, "output_tokens": 2])
        }
    }

    @Test func `a tool that does not exist is answered with those that do, and the model goes on`() async throws {
        try await withConversation { log, request in
            let agent = TestAgent { messages in
                messages.results.isEmpty
                    ? [.call("book_flight", ["to": "Rome"])]
                    : [.text(messages.results[0]["error"]?.string ?? "nothing")]
            }

            try await agent.answer(through: log.begin(request, token: 1))

            let history = try await log.history()
            #expect(history.answer.contains("book_flight"))
            #expect(history.answer.contains("get_weather_forecast, get_local_events"))
            #expect(history.usages.last?.status == "failed")
            #expect(history.last?.kind == .taskCompleted)
        }
    }

    @Test(arguments: [[:], ["destination": 7], ["destination": "123"], "Rome", .null, []] as [JSONValue])
    func `arguments that a tool cannot use are its answer, not the end of the run`(
        arguments: JSONValue
    ) async throws {
        try await withConversation { log, request in
            let agent = TestAgent { messages in
                switch messages.results.count {
                case 0: [.call("get_weather_forecast", arguments)]
                case 1: [.call("get_weather_forecast", ["destination": "Rome"], id: "call-2")]
                default: [.text(messages.results[1]["destination"]?.string ?? "nothing")]
                }
            }

            try await agent.answer(through: log.begin(request, token: 1))

            let history = try await log.history()
            #expect(history.usages.compactMap(\.status) == ["failed", "completed"])
            #expect(history.usages[1].result?["error"]?.string?.contains("destination") == true)
            #expect(history.answer == "Rome")
        }
    }

    @Test func `a model that goes in circles is stopped after eight turns`() async throws {
        try await withConversation { log, request in
            let agent = TestAgent { messages in
                [.call("get_local_events", ["destination": "Rome"], id: "call-\(messages.count)")]
            }
            await #expect(throws: RunFailure.self) {
                try await agent.answer(through: log.begin(request, token: 1))
            }
            let turns = try await log.history().filter { $0.kind == .llmResponse }
            #expect(turns.count == 8)
        }
    }

    @Test func `a later run of a conversation is told what was said before`() async throws {
        try await withConversation { log, request in
            let heard = Shared<[ChatMessage]>([])
            let agent = TestAgent { messages in
                heard.change { $0 = messages }
                return [.text("Answer to: \(messages.count)")]
            }
            try await agent.answer(through: log.begin(request, token: 1))
            var second = request
            second.correlationID = "second"
            second.message = "Now make it two days"
            try await agent.answer(through: log.begin(second, token: 1))

            #expect(
                heard.now == [
                    .system("You are a test."), .user("Plan a 1-day trip to Rome"),
                    .assistant("Answer to: 2", toolCalls: []), .user("Now make it two days"),
                ])
        }
    }
}
