import AgentKit
import StreamKit
import TestSupport
import Testing

@Suite("The travel planner")
struct AgentTests {
    @Test func `an itinerary has a heading a day, the weather and an event`() async throws {
        try await withScratchRedis { redis in
            let request = RunRequest(
                conversationID: scratchKey(), correlationID: "1", agent: "TravelPlanner",
                message: "Plan a 2-day trip to Paris")
            let log = RunLog(redis: redis, conversationID: request.conversationID)

            try await runAgent(
                TravelPlanner(model: ScriptedModel(pace: .zero)), request: request, attempt: 1, log: log)

            let history = try await log.history()
            #expect(history.answer.contains("Day 1") && history.answer.contains("Day 2"))
            #expect(history.answer.contains("16 °C") && history.answer.contains("Louvre"))
            #expect(history.filter { $0.kind == .toolUsage }.count == 4)
            #expect(history.last?.kind == .taskCompleted)
            try await log.remove()
        }
    }

    @Test(arguments: [
        "Tokyo", "Paris", "New York", "London", "Sydney", "Rome", "Barcelona", "Amsterdam", "Dubai", "Singapore",
        "Bangkok", "Los Angeles", "San Francisco", "Seattle", "Miami", "Honolulu", "Ulaanbaatar",
    ])
    func `the tools know every city, and something sensible elsewhere`(city: String) async throws {
        let weather = try await WeatherForecast().call(["destination": .string(city)])
        let events = try await LocalEvents().call(["destination": .string(city)])

        let (high, low) = (try #require(weather["high_c"]?.integer), try #require(weather["low_c"]?.integer))
        #expect(weather["destination"]?.string == city && high > low)
        #expect(weather["recommendation"]?.string?.isEmpty == false)
        #expect(events["events"]?.array?.count == 4)
    }

    @Test func `a tool without a destination says what is missing`() async throws {
        await #expect(throws: ToolError.self) { _ = try await WeatherForecast().call([:]) }
    }
}
