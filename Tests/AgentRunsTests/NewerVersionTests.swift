import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("Runs of other programs and of newer versions")
struct NewerVersionTests {
    @Test func `events and fields that are not known here are read past, and stay in the log`() async throws {
        try await withScratchRedis { redis in
            let log = RunLog(redis: redis, conversationID: scratchKey())
            let request = RunRequest(
                conversationID: log.conversationID, correlationID: "first", agent: "A", message: "Go")
            let data = #"{"agent":"A","correlation_id":"first","message":"Go","mood":{"level":3}}"#
            let newer = ["first", "1", "newer"]
            _ = try await log.run(RunScript.begin, newer + ["1", "task_started", data, "attempt", "", ""], token: 1)
            let events = [
                ["mood_changed", "0", "data", "[1]", "signature", "abc"],
                ["text", "0", "text", "Hello ", "language", "en"],
                ["llm_response", "0", "data", #"{"turn":1,"future":true}"#],
            ]
            for (index, event) in events.enumerated() {
                _ = try await log.run(RunScript.append, newer + [String(index + 1)] + event, token: 1)
            }

            let writer = try await log.begin(request, token: 2)
            try await writer.append(.text, text: "again")
            try await writer.complete()

            let followed = try await log.follow(.live)
            #expect(
                followed.map(\.kind.rawValue) == [
                    "task_started", "mood_changed", "text", "llm_response", "attempt", "text", "task_completed",
                ])
            #expect(try await log.history().answer == "Hello again")
            let entries = try await log.stream.entries(limit: 10)
            #expect(entries[1]["signature"] == "abc" && entries[1]["data"] == "[1]" && entries[2]["language"] == "en")
            #expect(entries[0]["data"] == data)
            try await log.remove()
        }
    }

    @Test func `another program may count each run of a conversation from 0`() async throws {
        try await withScratchRedis { redis in
            let log = RunLog(redis: redis, conversationID: scratchKey())
            for text in ["One.", "Two."] {
                try await log.stream.append(["text": text, "sequence": "0"])
                try await log.stream.append(["done": "true", "sequence": "1"])
            }

            var events: [RunEvent] = []
            for try await event in log.events(after: .beginning) { events.append(event) }

            #expect(events.compactMap(\.text) == ["One.", "Two."] && events.count(where: \.isLast) == 2)
            try await log.remove()
        }
    }
}
