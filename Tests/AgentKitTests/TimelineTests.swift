import AgentKit
import AgentRuns
import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("The timeline of a run")
struct TimelineTests {
    @Test func `tells from the log alone where the time went`() async throws {
        try await withConversation { log, _ in
            let events: [(String, Int, String)] = [
                ("progress", 0, #"{"status":"queued"}"#), ("task_started", 1_000, "{}"),
                ("progress", 1_000, #"{"status":"asking_model","turn":1}"#), ("llm_response", 2_000, #"{"turn":1}"#),
                ("tool_usage", 2_000, #"{"action":"call","tool":"look","turn":1,"call":0}"#),
                ("attempt", 4_000, #"{"attempt":2}"#),
                ("tool_usage", 4_000, #"{"action":"call","tool":"look","turn":1,"call":0}"#),
                ("tool_usage", 5_000, #"{"action":"result","tool":"look","turn":1,"call":0}"#),
                ("progress", 5_000, #"{"status":"asking_model","turn":2}"#), ("text", 7_000, ""),
                ("llm_response", 8_000, #"{"turn":2}"#), ("task_completed", 8_000, "{}"),
            ]
            for (kind, time, data) in events {
                try await log.stream.append([
                    "event": kind, "timestamp": String(time), kind == "text" ? "text" : "data": data,
                ])
            }

            let lines = RunTimeline(of: try await log.history(), run: 1).lines(width: 52)
            #expect(
                lines == [
                    "total                   ████████    0.000 s +8.000 s",
                    "  waiting for a worker  █           0.000 s +1.000 s",
                    "  attempt 1              ███        1.000 s +3.000 s",
                    "    turn 1               █          1.000 s +1.000 s",
                    "    tool look (1-0)       ██        2.000 s +2.000 s",
                    "  attempt 2                 ████    4.000 s +4.000 s",
                    "    tool look (1-0)         █       4.000 s +1.000 s",
                    "    turn 2                   ███    5.000 s +3.000 s",
                    "      first token            ██     5.000 s +2.000 s",
                ])
        }
    }

    @Test func `an attempt ends where it asks a person, and no line is longer than asked for`() async throws {
        try await withConversation { log, _ in
            let events: [(String, Int, String)] = [
                ("task_started", 0, "{}"), ("approval_requested", 1_000, #"{"call":"1-0"}"#),
                ("approval_requested", 2_000, #"{"call":"1-1"}"#), ("approval_decided", 10_000, #"{"call":"1-0"}"#),
                ("attempt", 11_000, #"{"attempt":2}"#), ("task_completed", 12_000, "{}"),
            ]
            for (kind, time, data) in events {
                try await log.stream.append(["event": kind, "timestamp": String(time), "data": data])
            }

            let timeline = RunTimeline(of: try await log.history(), run: 1)
            let attempts = timeline.spans.filter { $0.name.hasPrefix("attempt") }
            #expect(attempts.map { $0.end?.timeIntervalSince($0.start) } == [2, 1])
            #expect(timeline.lines(width: 80).map(\.count).max() == 80)
        }
    }

    @Test func `a log without events has no lines, and a run that has not ended says so`() async throws {
        #expect(RunTimeline(of: [], run: 1).lines().isEmpty)
        try await withConversation { log, request in
            _ = try await log.begin(request, token: 1)
            let lines = RunTimeline(of: try await log.history(), run: 1).lines()
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix("not ended") })
        }
    }
}
