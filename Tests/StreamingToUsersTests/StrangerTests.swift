import TestSupport
import Testing

/// `ask` and `watch` with something at the address that is not our server, or not a good one.
@Suite("Viewers of lesson 5 and other servers", .timeLimit(.minutes(2)))
struct StrangerTests {
    @Test(
        arguments: [
            CannedServer.answer("200 OK", type: "text/html", "<html>Hello</html>"),
            CannedServer.answer("200 OK", type: "application/json", #"{"hello":"world"}"#),
            CannedServer.answer("200 OK", type: "text/plain", ""),
            CannedServer.answer("200 OK", type: "text/event-stream", "id: \u{1}\ndata: one\n\n"),
            CannedServer.answer("200 OK", type: "text/event-stream", "data: one\n\n"),
            "+PONG\r\n",
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            CannedServer.answer("302 Found", type: "text/html", headers: ["Location: /login"], ""),
            CannedServer.answer("404 Not Found", type: "text/html", "<html>\u{1B}[2J</html>"),
        ], [["ask", "Plan a trip"], ["watch", "x"]])
    func `are told apart by one clear error, after one request`(answer: String, words: [String]) async throws {
        let server = try CannedServer([answer])
        defer { server.stop() }
        try await withPrograms { programs in
            let viewer = try await programs.start(["streaming-to-users"] + words + ["--server", server.url])

            #expect(await viewer.end() == .exited(1))
            #expect(viewer.complained.contains("is not a server of this lesson"), "\(viewer.complained)")
            #expect(viewer.complained.split(separator: "\n").count == 1)
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: ["99999999999999999999", "9000000000000000000", "-1", "soon"])
    func `a pause between connections that makes no sense leaves the former one`(pause: String) async throws {
        let server = try CannedServer([
            .snapshot("x", status: "running", cursor: "0-1"),
            .events("retry: 1\n" + .timeline("1-0", text: "one ")),
            .events("retry: \(pause)\n" + .timeline("2-0", text: "two ")),
            .events(.timeline("3-0", type: "task_completed") + "event: done\ndata: [DONE]\n\n"),
        ])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start("streaming-to-users", "watch", "x", "--server", server.url)

            #expect(await watch.end() == .exited(0), "\(watch.complained)")
            #expect(watch.said == "xone two \n")
            let cursors = server.received.map { request in
                request.lowercased().firstMatch(of: /last-event-id: (\S+)/).map { "\($0.1)" }
            }
            #expect(cursors == [nil, "0-1", "1-0", "2-0"])
        }
    }

    @Test func `a server that begins again and again with the same event is given up`() async throws {
        let server = try CannedServer([.events("retry: 1\n" + .timeline("1-0", text: "one"))])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start(
                "streaming-to-users", "watch", "x", "--json", "--server", server.url)

            #expect(await watch.end() == .exited(5))
            #expect(watch.complained.contains("did not come back"), "\(watch.complained)")
        }
    }

    @Test func `a name that would be a path of its own stays one part of the address`() async throws {
        let server = try CannedServer([CannedServer.answer("200 OK", type: "text/html", "")])
        defer { server.stop() }
        try await withPrograms { programs in
            let watch = try await programs.start(
                "streaming-to-users", "watch", "../health?a#b", "--server", server.url + "/")
            #expect(await watch.end() == .exited(1))
            #expect(server.received[0].hasPrefix("GET /api/runs/..%2Fhealth%3Fa%23b "))
        }
    }
}
