import AgentKit
import AgentRuns
import StreamKit
import TestSupport
import Testing

@Suite("Callbacks of an agent")
struct CallbackTests {
    @Test func `every callback hears each piece once the log has it, and one that throws changes nothing`()
        async throws
    {
        try await withConversation { log, request in
            let heard = Shared<[String]>([])
            let listening = TestCallback { delta, context in
                guard case .text(let text) = delta else { return }
                let logged = try await log.history().answer
                #expect(logged.hasSuffix(text))
                heard.change { $0.append("\(context.correlationID) \(context.attempt): \(text)") }
            } onResponse: { response, _ in
                let last = try await log.history().last
                #expect(last?.kind == .taskCompleted)
                heard.change { $0.append("\(response.text), \(response.turns) turn, \(response.usage?.output ?? 0)") }
            }
            let failing = TestCallback { _, _ in
                throw ModelTrouble()
            } onResponse: { _, _ in
                throw ModelTrouble()
            }
            var agent = TestAgent { _ in [.text("Hello"), .usage(TokenUsage(input: 1, output: 2))] }
            agent.callbacks = [failing, listening]

            try await agent.answer(through: log.begin(request, token: 1))

            #expect(heard.now == ["first 1: Hello", "Hello, 1 turn, 2"])
        }
    }
}

private struct TestCallback: AgentCallback {
    let onUpdate: @Sendable (ChatDelta, AgentContext) async throws -> Void
    let onResponse: @Sendable (AgentResponse, AgentContext) async throws -> Void

    func onUpdate(_ delta: ChatDelta, _ context: AgentContext) async throws { try await onUpdate(delta, context) }
    func onResponse(_ response: AgentResponse, _ context: AgentContext) async throws {
        try await onResponse(response, context)
    }
}
