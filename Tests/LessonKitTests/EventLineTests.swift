import LessonKit
import Testing

@Suite("Events of an agent's log as lines for people")
struct EventLineTests {
    @Test(
        arguments: [
            ("progress", #"{"agent":"TravelPlanner","correlation_id":"c","status":"queued"}"#, "queued"),
            ("progress", #"{"status":"asking_model","turn":1}"#, "asking model"),
            ("chain_of_thought", #"{"step":"analyzing_task","thought":"I read."}"#, "I read."),
            ("llm_response", #"{"tool_calls":[{"name":"a"},{"name":"b"}],"characters":0}"#, "asks for a and b"),
            ("llm_response", #"{"tool_calls":[],"characters":12}"#, "has said 12 characters"),
            (
                "tool_usage", #"{"action":"call","tool":"t","arguments":{"date":"May","city":"Rome"}}"#,
                "calls t (city: Rome, date: May)"
            ),
            ("tool_usage", #"{"action":"result","tool":"t","result":{"high":18}}"#, "t answers: high: 18"),
            (
                "tool_usage", #"{"tool":"data_processor","action":"load_file","file":"a.csv"}"#,
                "uses data_processor: action: load_file, file: a.csv"
            ),
        ] as [(String, String, String)])
    func `known events are told in words`(event: String, data: String, line: String) {
        #expect(eventLine(event, data: data) == line)
    }

    @Test(arguments: ["", "{", "[]", "7", "\"text\"", "no JSON", #"{"a":{"b":[1,2.5,true,null]}}"#])
    func `whatever stands in the data, it is shown and nothing fails`(data: String) {
        for event in ["progress", "chain_of_thought", "llm_response", "tool_usage", "attempt", "task_started", "x"] {
            #expect(eventLine(event, data: data).isEmpty == data.isEmpty)
        }
    }
}
