import LocalRedis
import StreamKit
import TestSupport
import Testing

/// What `watch` tells another program, and what it asks the server for.
@Suite("How watching begins and ends", .timeLimit(.minutes(2)))
struct WatchEndTests {
    @Test(
        arguments: [
            ([["done", "true"]], 0, "· done"),
            ([["event", "task_failed", "error", "No rooms.", "done", "true"]], 2, "Error: The run failed: No rooms."),
            ([["event", "task_cancelled", "done", "true"]], 3, "Error: The run was cancelled."),
            ([], 4, "Error: "),
        ] as [([[String]], Int32, String)])
    func `the exit code tells how the run ended, through the server and straight from Redis`(
        entries: [[String]], code: Int32, message: String
    ) async throws {
        try await withPrograms { programs in
            try await withScratchServer { local in
                try await withRedis(local.configuration) { redis in
                    for entry in entries {
                        _ = try await redis.pipeline { $0.add(["XADD", "agent-stream:x", "*"] + entry) }
                    }
                }
                let url = "redis://127.0.0.1:\(try #require(local.port))"
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", url)
                let address = try await client(of: server).server
                for source in [["--server", address], ["--redis", url]] {
                    for cursor in [[], ["--cursor", "0-1"]] {
                        let watch = try await programs.start(["streaming-to-users", "watch", "x"] + source + cursor)
                        #expect(await watch.end() == .exited(code), "\(source + cursor)")
                        #expect(watch.complained.contains(message), "\(watch.complained)")
                    }
                }
            }
        }
    }

    @Test func `every event is the same line of JSON through the server and straight from Redis`() async throws {
        try await withPrograms { programs in
            try await withScratchServer { local in
                try await withRedis(local.configuration) { redis in
                    _ = try await redis.send("XADD", "agent-stream:x", "*", "text", "a\r\nb \u{1B}[2J")
                    _ = try await redis.send("XADD", "agent-stream:x", "*", "event", "progress", "data", "no JSON")
                    _ = try await redis.send("XADD", "agent-stream:x", "*", "event", "e", "data", #"{"n":1.5}"#)
                    _ = try await redis.send(
                        "XADD", "agent-stream:x", "*", "text", "end", "error", "No.", "done", "true")
                }
                let url = "redis://127.0.0.1:\(try #require(local.port))"
                let server = try await programs.start(
                    "streaming-to-users", "serve", "--port", "0", "--no-worker", "--redis", url)
                let address = try await client(of: server).server
                let through = try await programs.start(
                    "streaming-to-users", "watch", "x", "--json", "--server", address)
                let straight = try await programs.start("streaming-to-users", "watch", "x", "--json", "--redis", url)

                #expect(await through.end() == .exited(2))
                #expect(await straight.end() == .exited(2))
                #expect(straight.said.split(separator: "\n").count == 5)
                #expect(straight.said == through.said)
                #expect(!straight.said.contains("\u{1B}"))
            }
        }
    }

    @Test func `a late viewer gets one answer, and follows from its cursor`() async throws {
        let thought = String.event("4-0", type: "chain_of_thought", #","data":{"thought":"Hm."}"#)
        let server = try CannedServer([
            .snapshot("So far", status: "running", cursor: "5-0", events: thought),
            .events(
                .timeline("6-0", text: ", so good") + .timeline("7-0", type: "task_completed")
                    + "event: done\ndata:\n\n"),
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start("streaming-to-users", "watch", "x", "--server", server.url)

            #expect(await watch.end() == .exited(0), "\(watch.complained)")
            #expect(watch.said == "So far, so good\n")
            #expect(watch.complained == "· Hm.\n· done\n")
            #expect(server.received.count == 2)
            #expect(server.received[0].hasPrefix("GET /api/runs/x "))
            #expect(server.received[1].hasPrefix("GET /api/agent/stream/x?view=timeline "))
            #expect(server.received[1].lowercased().contains("last-event-id: 5-0"))
        }
    }

    @Test func `a viewer whose place was trimmed away is told so, and shown the conversation as it stands`()
        async throws
    {
        let server = try CannedServer([
            .snapshot("one", status: "running", cursor: "1-0"),
            .events("retry: 1\n\nevent: gap\ndata: {}\n\nevent: error\ndata: trimmed\n\n"),
            .snapshot("the rest", status: "completed", cursor: "9-0"),
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start("streaming-to-users", "watch", "x", "--server", server.url)

            #expect(await watch.end() == .exited(0), "\(watch.complained)")
            #expect(watch.said == "one\nthe rest\n")
            #expect(watch.complained.contains("events are missing here"))
        }
    }

    @Test func `every event of a log with a hole cannot be shown, so watching them ends`() async throws {
        let toTheHole = "retry: 1\n\n" + String.timeline("1-0", text: "one") + "event: gap\ndata: {}\n\n"
        let server = try CannedServer([.events(toTheHole), .events(toTheHole), .events(toTheHole)])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start("streaming-to-users", "watch", "x", "--json", "--server", server.url)

            #expect(await watch.end() == .exited(1), "\(watch.complained)")
            #expect(watch.complained.contains("Somebody has deleted what came after 1-0"))
            #expect(server.received.count == 2)
        }
    }

    @Test(arguments: [
        ("1-0", "the last 9 characters above no longer count"), ("0-5", "some of the text above no longer counts"),
    ])
    func `text that a lost worker had half said is taken back in words`(lastValid: String, words: String) async throws {
        let attempt = String.timeline("4-0", type: "attempt", #","data":{"attempt":2,"last_valid_id":"\#(lastValid)"}"#)
        let server = try CannedServer([
            .snapshot("Kept. ", status: "running", cursor: "1-0"),
            .events(
                .timeline("2-0", text: "Half ") + .timeline("3-0", text: "said") + attempt
                    + .timeline("5-0", text: "Whole.") + .timeline("6-0", type: "task_completed")
                    + "event: done\ndata:\n\n"),
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start("streaming-to-users", "watch", "x", "--server", server.url)

            #expect(await watch.end() == .exited(0), "\(watch.complained)")
            #expect(watch.said == "Kept. Half saidWhole.\n")
            #expect(watch.complained.contains("· \(words)\n"), "\(watch.complained)")
        }
    }

    @Test func `the timeline has a line for each event, with its time and its id`() async throws {
        let server = try CannedServer([
            .events(
                .timeline("1-0", type: "task_started", #","data":{"message":"Go"}"#)
                    + .timeline("2-0", text: "a\\u001b b")
                    + .timeline("3-0", type: "task_completed") + "event: done\ndata:\n\n")
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start(
                "streaming-to-users", "watch", "x", "--timeline", "--server", server.url)

            #expect(await watch.end() == .exited(0), "\(watch.complained)")
            let time = "   0.000 s"
            #expect(
                watch.said == "\(time)  1-0  started: Go\n\(time)  2-0  │ \"a\\u001b b\"\n\(time)  3-0  completed\n")
        }
    }
}
