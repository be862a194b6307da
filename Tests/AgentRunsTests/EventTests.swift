import AgentRuns
import FaultKit
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("Events as entries hold them")
struct EventTests {
    @Test func `text and the end in one entry are two events with one ID`() async throws {
        try await withEntry("text", "to.", "done", "true") { events in
            #expect(events.map(\.kind) == [.text, .taskCompleted])
            #expect(events.map(\.text) == ["to.", nil])
            #expect(events.map(\.isLast) == [false, true])
            #expect(Set(events.map(\.id)).count == 1)
        }
        try await withEntry("text", "half", "error", "no luck") { events in
            #expect(events.map(\.kind) == [.text, .taskFailed] && events.last?.error == "no luck")
        }
        try await withEntry("event", "text", "text", "to.", "done", "TRUE") { events in
            #expect(events.map(\.kind) == [.text, .taskCompleted])
        }
        try await withEntry("event", "llm_response", "text", "to.", "data", "{}") { events in
            #expect(events.map(\.kind) == [.text, .llmResponse] && events.last?.data == "{}")
        }
    }

    @Test func `an event of an unknown kind keeps its name`() async throws {
        try await withEntry("event", "tea_break", "data", "{}") { events in
            #expect(events.map(\.kind.rawValue) == ["tea_break"] && events.map(\.isLast) == [false])
        }
        try await withEntry("anything", "else") { events in
            #expect(events.map(\.kind) == [.unnamed] && events.first?.sequence == nil)
        }
    }

    @Test(arguments: ["9223372036854775807", "-1", "9007199254740992", "1e3", "99999999999999999999", "NaN", "", "7 "])
    func `a number that cannot be counted with is left out`(number: String) async throws {
        try await withEntry("event", "text", "text", "x", "sequence", number, "run", number, "timestamp", number) {
            #expect($0.first?.sequence == nil && $0.first?.run == 1 && $0.first?.text == "x")
        }
    }

    @Test func `whatever an entry holds, it is read`() async throws {
        var generator = SeededGenerator(seed: 7)
        let names = ["event", "text", "done", "error", "data", "sequence", "run", "timestamp", "x", ""]
        let values =
            RunEvent.Kind.known.map(\.rawValue) + [
                "true", "9223372036854775807", "-9223372036854775808", "inf", "nan", "{", "{}", "[1e999]", "\u{0}", "🗼",
                #"{"attempt":1,"last_valid_id":"18446744073709551615-18446744073709551615"}"#, "",
            ]
        try await withScratchStream { stream in
            var previous: [RunEvent] = []
            for _ in 0..<3_000 {
                let fields = (0...Int.random(in: 0...6, using: &generator)).map { _ in
                    (names.randomElement(using: &generator) ?? "", values.randomElement(using: &generator) ?? "")
                }
                try await stream.redis.send(["XADD", stream.key, "*"] + fields.flatMap { [$0, $1] })
            }
            for entry in try await stream.entries() {
                let events = RunEvent.all(in: entry)
                #expect(!events.isEmpty && events.allSatisfy { $0.id == entry.id })
                #expect(events.compactMap(\.text).joined() == entry["text"] ?? "")
                #expect(events.dropLast().allSatisfy { !$0.isLast } || events.count > 2)
                previous += events
            }
            #expect(previous.valid.count <= previous.count)
            try await stream.remove()
        }
    }
}

private func withEntry(_ fields: String..., body: ([RunEvent]) throws -> Void) async throws {
    try await withScratchStream { stream in
        try await stream.redis.send(["XADD", stream.key, "*"] + fields)
        try body(try await stream.entries().flatMap { RunEvent.all(in: $0) })
        try await stream.remove()
    }
}
