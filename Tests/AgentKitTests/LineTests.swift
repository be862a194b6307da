import AgentKit
import AgentRuns
import Testing
import TravelPlanner

@Suite("Events as lines for people")
struct LineTests {
    @Test func `a run reads like a report`() async throws {
        try await withConversation(message: "Plan a 1-day trip to Tokyo") { log, request in
            try await log.accept(request)
            try await TravelPlanner(model: ScriptedModel(pace: .zero)).answer(through: log.begin(request, token: 1))

            var lines = try await log.history().compactMap(\.line)
            // The tools answer in any order.
            lines[7...8].sort(by: >)
            #expect(
                lines == [
                    "queued", "started: Plan a 1-day trip to Tokyo",
                    "thought: I read the request and decide what I need to know.", "asking the model",
                    "model scripted-traveller asks for get_weather_forecast, get_local_events",
                    "tool get_weather_forecast(Tokyo)", "tool get_local_events(Tokyo)",
                    "tool get_weather_forecast(Tokyo) → partly cloudy, 11–18 °C",
                    "tool get_local_events(Tokyo) → 4 events, such as Cherry blossom evening walk in Ueno Park, 18:00",
                    "thought: I have what get_weather_forecast and get_local_events told me.", "asking the model",
                    "model scripted-traveller has answered", "finished", "completed",
                ])
        }
    }

    @Test(
        arguments: [
            ("task_started", #"{"task_id":"7","type":"csv"}"#, "started: 7, csv"),
            ("chain_of_thought", #"{"step":"analyzing","prompt":"How?"}"#, "thought: How?"),
            ("llm_response", #"{"response":"Row by row."}"#, "model: Row by row."),
            ("progress", #"{"status":"loading","step":"1 of 2"}"#, "loading"),
            ("tool_usage", #"{"tool":"t","action":"load","file":"a.csv"}"#, "tool t: load, a.csv"),
            ("error", #"{"tool":"t","error":"a.csv: no such file"}"#, "error: a.csv: no such file"),
            ("task_completed", #"{"task_id":"7","status":"success"}"#, "completed"),
            ("task_completed", #"{"task_id":"7","status":"failed"}"#, "completed: failed"),
            ("progress", "not JSON", "progress: not JSON"),
            ("attempt", #"{"attempt":2,"last_valid_id":"1-0"}"#, "attempt 2: goes on from the log"),
            ("attempt", #"{"attempt":3,"cause":"a later version's"}"#, "attempt 3: goes on from the log"),
        ] as [(String, String, String)])
    func `events of programs other than this one are lines, too`(event: String, data: String, line: String) {
        #expect(RunEvent.Kind(rawValue: event).line(data: data) == line)
    }

    @Test(arguments: [nil, "", "not JSON", "[]", "7", #"{"thought":{"a":[1,null]}}"#, #"{"tool":5,"action":"result"}"#])
    func `details of another shape make a line all the same`(data: String?) {
        for kind in RunEvent.Kind.known + [RunEvent.Kind(rawValue: "tea\u{1B}[2J\nbreak")] where kind != .text {
            let line = kind.line(data: data)
            #expect(line?.isEmpty == false)
            #expect(line?.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } == true)
        }
    }

    @Test func `a long line is cut`() {
        let line = RunEvent.Kind.taskFailed.line(data: nil, error: String(repeating: "x", count: 10_000))
        #expect(line?.count == 200 && line?.last == "…")
    }
}
