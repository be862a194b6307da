import AgentKit
import AgentRuns
import StreamKit
import TestSupport
import Testing
import TravelPlanner

@Suite("The history of a conversation")
struct HistoryTests {
    @Test func `one that has grown too long is summed up once, and the summary stands for it`() async throws {
        try await withConversation(message: "first question") { log, request in
            let (heard, summaries) = (Shared<[ChatMessage]>([]), Shared(0))
            var agent = TestAgent { messages in
                if messages.first == .system(HistorySummary.instructions) {
                    summaries.change { $0 += 1 }
                    return [.text("in short"), .usage(TokenUsage(input: 100, output: 2))]
                }
                heard.change { $0 = messages }
                return [.text("a long answer"), .usage(TokenUsage(input: 10, output: 3))]
            }
            agent.limits.history = 20

            for (number, message) in ["first question", "second", "third"].enumerated() {
                var next = request
                next.correlationID = "run-\(number)"
                next.message = message
                try await agent.answer(through: log.begin(next, token: 1))
            }

            #expect(
                heard.now == [
                    .system("You are a test."), .system("The conversation so far, in short: in short"),
                    .user("third"),
                ])
            let history = try await log.history()
            #expect(summaries.now == history.filter { $0.kind == .historySummary }.count)
            #expect(history.last?.details?["usage"] == ["input_tokens": 110, "output_tokens": 5])
        }
    }

    @Test func `a later attempt takes the summary from the log, and its cost counts once`() async throws {
        try await withConversation { log, request in
            let summaries = Shared(0)
            let agent = { (attempt: Int) in
                var agent = TestAgent { messages in
                    if messages.first == .system(HistorySummary.instructions) {
                        summaries.change { $0 += 1 }
                        return [.text("in short"), .usage(TokenUsage(input: 100, output: 2))]
                    }
                    if attempt == 1 { throw ModelTrouble() }
                    return [.text("a long answer"), .usage(TokenUsage(input: 10, output: 3))]
                }
                agent.limits.history = 20
                return agent
            }
            try await agent(0).answer(through: log.begin(request, token: 1))
            var second = request
            second.correlationID = "second"
            try? await agent(1).answer(through: log.begin(second, token: 1))
            try await agent(2).answer(through: log.begin(second, token: 2))

            #expect(summaries.now == 1)
            let history = try await log.history()
            #expect(history.last?.details?["usage"] == ["input_tokens": 110, "output_tokens": 5])
        }
    }

    @Test func `the scripted model sums up what the user asked`() async throws {
        let transcript = "User: Plan a trip to Rome\nAssistant: Here it is.\nUser: Now two days"
        let model = ScriptedModel(pace: .zero)
        var text = ""
        for try await delta in model.respond(
            to: [.system(HistorySummary.instructions), .user(transcript)], tools: [])
        {
            if case .text(let chunk) = delta { text += chunk }
        }
        #expect(text == "The user asked: Plan a trip to Rome; Now two days")
    }
}
