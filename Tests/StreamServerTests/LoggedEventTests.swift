import AgentRuns
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

/// What `?events=all` shows of a log that another program writes into.
@Suite("Foreign events in an event stream")
struct LoggedEventTests {
    static let foreign = [
        "done", "error", "message", "attempt", "open", "Done", "ERROR", "done\n", "\rdone", "done\r\ndata: x", "done ",
        "do\0ne", "done\u{85}", "done\u{2028}", "done\n\nevent: done", "",
    ]

    /// The event names of a viewer who sees everything, for a log with these entries, then an answer and its end.
    private func watch(_ names: [String], query: String) async throws -> [ServerSentEvent] {
        var watched: [ServerSentEvent] = []
        try await withServer { server in
            let key = "agent-stream:" + RandomID().uuid
            for name in names {
                _ = try await server.redis.send("XADD", key, "*", "event", name, "data", "[DONE]")
            }
            _ = try await server.redis.send("XADD", key, "*", "text", "All.", "done", "true")
            watched = try await server.events("/api/agent/stream/\(key.dropFirst("agent-stream:".count))" + query)
            _ = try await server.redis.send("DEL", key)
        }
        return watched
    }

    @Test(arguments: foreign)
    func `an entry named like one of the protocol's events does not pass for it`(name: String) async throws {
        let events = try await watch([name], query: "?events=all")

        let names = events.compactMap(\.event)
        #expect(names.count == 4 && names.dropFirst() == ["message", "task_completed", "done"], "\(names)")
        #expect(names.first.map { $0.hasPrefix("log.") || $0 == "unnamed" } == true, "\(names)")
        #expect(events.first?.data == "[DONE]" && events.last?.id != nil)
    }

    @Test func `an entry with a name of its own keeps that name`() async throws {
        let names = ["step", "tool.called", "done_soon", "erreur_é", "messages"]
        let events = try await watch(names, query: "?events=all")
        #expect(events.compactMap(\.event) == names + ["message", "task_completed", "done"])
    }

    @Test func `without the log none of them is shown`() async throws {
        let events = try await watch(Self.foreign, query: "")
        #expect(events.compactMap(\.event) == ["message", "done"] && events.first?.data == "All.")
    }

    @Test func `an attempt of this library is told as before, also without the log`() async throws {
        try await withServer { server in
            let key = "agent-stream:attempts"
            _ = try await server.redis.send("XADD", key, "1-1", "text", "Half")
            let data = #"{"attempt":2,"last_valid_id":"0-1"}"#
            _ = try await server.redis.send("XADD", key, "1-2", "event", "attempt", "data", data)
            _ = try await server.redis.send("XADD", key, "1-3", "text", "All.", "done", "true")
            let events = try await server.events("/api/agent/stream/attempts")
            _ = try await server.redis.send("DEL", key)

            #expect(events.compactMap(\.event) == ["message", "attempt", "message", "done"])
            #expect(events.dropFirst().first?.data == data)
        }
    }
}
