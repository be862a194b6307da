import TravelPlanner
import AgentKit
import Testing

@Suite("The scripted model")
struct ScriptedModelTests {
    private let tools: [any Tool] = [WeatherForecast(), LocalEvents()]

    @Test func `asks for every tool first, with the destination`() async throws {
        let deltas = try await said(to: [.user("Plan a trip to Buenos Aires")])

        let calls = deltas.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
        #expect(calls.map(\.name) == ["get_weather_forecast", "get_local_events"])
        #expect(calls.allSatisfy { $0.arguments["destination"]?.string == "Buenos Aires" })
        #expect(deltas.count == calls.count && Set(calls.map(\.id)).count == 2)
    }

    @Test func `writes in small pieces, and the same each time`() async throws {
        let messages: [ChatMessage] = [.user("Plan a 2-day trip to Paris"), .tool(callID: "1", result: ["events": []])]

        let first = try await said(to: messages)
        let second = try await said(to: messages)

        #expect(first == second)
        #expect(first.count > 100)
        #expect(first.allSatisfy { if case .text(let text) = $0 { text.count < 30 } else { false } })
    }

    @Test func `without tools it writes at once`() async throws {
        let deltas = try await said(to: [.user("Plan a weekend in Rome")], tools: [])
        #expect(text(deltas).contains("Day 2") && !text(deltas).contains("Day 3"))
    }

    @Test(arguments: [
        ("Plan a 3-day trip to Tokyo", "Tokyo", 3), ("two days in SAO PAULO", "SAO PAULO", 2),
        ("a week in Reykjavik!", "Reykjavik", 7), ("🗼🗼\n\n🗼", "your destination", 3), ("", "your destination", 3),
        ("A day in Rome", "Rome", 1),
        ("Plan a single day in Paris", "Paris", 1),
        ("visit Paris for 99 days", "Paris", 7), ("Visiting </script><b>Rome", "Rome", 3),
    ])
    func `finds the place and the length in a prompt`(prompt: String, place: String, days: Int) async throws {
        let answer = text(try await said(to: [.user(prompt)], tools: []))
        #expect(answer.contains(place) && answer.contains("Day \(days)") && !answer.contains("Day \(days + 1)"))
    }

    @Test func `falls silent when nobody listens any more`() async throws {
        let stream = ScriptedModel(pace: .seconds(3_600)).respond(to: [.user("Go")], tools: [])
        let listening = Task { for try await _ in stream {} }
        listening.cancel()
        // Ends although the first word is hours away.
        _ = await listening.result
    }

    private func said(to messages: [ChatMessage], tools: [any Tool]? = nil) async throws -> [ChatDelta] {
        var deltas: [ChatDelta] = []
        let model = ScriptedModel(pace: .zero)
        for try await delta in model.respond(to: messages, tools: tools ?? self.tools) { deltas.append(delta) }
        return deltas
    }

    private func text(_ deltas: [ChatDelta]) -> String {
        deltas.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
