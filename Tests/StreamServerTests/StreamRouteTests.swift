import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Watching over HTTP")
struct StreamRouteTests {
    @Test(arguments: ["Plan", "emoji 🗼👩‍👩‍👧", "two\nlines\r\nand more", "</script><b>bold"])
    func `the answer arrives whole, as events and as text`(prompt: String) async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask(prompt))
            let events = try await server.events(path)
            let text = try await server.send(path, headers: ["Accept": "text/plain"])

            let normal = prompt.replacingOccurrences(of: "\r\n", with: "\n")
            let expected = ": One two\nlines </script> 🗼"
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == normal + expected)
            #expect(text.text == prompt + expected)
            #expect(events.last?.event == "done" && events.last?.data == "[DONE]")
            #expect(events.allSatisfy { $0.id.flatMap { StreamID($0) } != nil })
            #expect(text.headers.first(name: "Content-Type") == "text/plain; charset=utf-8")
        }
    }

    @Test func `every cursor gives exactly the rest, as a query and as a header`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Plan"))
            let all = try await server.events(path + "?events=all")
            for (index, event) in all.enumerated().dropLast() {
                guard let id = event.id, index + 1 < all.count else { continue }
                let rest = all[(index + 1)...].filter { $0.event != "task_completed" }
                let byQuery = try await server.events(path + "?events=all&cursor=\(id)")
                #expect(byQuery.filter { $0.event != "task_completed" } == Array(rest))
            }
            let third = try #require(all.dropFirst(2).first?.id)
            let first = try #require(all.first?.id)
            let byHeader = try await server.events(path + "?cursor=\(first)", headers: ["Last-Event-ID": third])
            let byQuery = try await server.events(path + "?cursor=\(third)")
            #expect(byHeader == byQuery)
            let end = try #require(all.last?.id)
            #expect(try await server.events(path + "?cursor=\(end)").map(\.event) == ["done"])
        }
    }

    @Test func `a viewer that leaves and comes back while it happens misses nothing`() async throws {
        try await withServer(pace: .milliseconds(10), script: (0..<40).map { "word\($0) " }) { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            var seen: [ServerSentEvent] = []
            while seen.last?.event != "done" {
                let cursor = seen.last?.id.map { "?cursor=\($0)" } ?? ""
                seen += try await server.events(path + cursor, count: 7)
            }
            let whole = try await server.send(path, headers: ["Accept": "text/plain"])
            #expect(seen.filter { $0.event == "message" }.map(\.data).joined() == whole.text)
        }
    }

    @Test(arguments: ["abc", "1-2-3", "-1", "99999999999999999999999-0"])
    func `a malformed cursor is refused`(cursor: String) async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Plan"))
            let answer = try await server.send(path + "?cursor=\(cursor)")
            #expect(answer.status == 400)
            #expect(answer.text.contains("malformed_cursor"))
        }
    }

    @Test func `a cursor beyond the end and an unknown conversation are refused`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("Plan"))
            #expect(try await server.send(path + "?cursor=9999999999999-0").status == 400)
            #expect(try await server.send("/api/agent/stream/nobody").status == 404)
            #expect(try await server.send("/api/agent/stream/%7Bx%7D").status == 404)
        }
    }

    @Test func `a failed run ends with an error event that the user may read`() async throws {
        try await withServer { server in
            let path = "/api/agent/stream/" + (try await server.ask("fail"))
            let last = try #require(try await server.events(path).last)
            #expect(last.event == "error" && last.data == "No rooms\nleft.")
            #expect(try await server.send(path, headers: ["Accept": "text/plain"]).text.hasSuffix("No rooms\nleft.\n"))
        }
    }

    @Test func `a silent stream says that it lives, and how to come back`() async throws {
        let mayGoOn = Shared(false)
        try await withServer(script: ["a"]) { configuration in
            configuration.pingInterval = .milliseconds(50)
        } before: { text in
            if text == "a" { try await eventually("the viewer has seen a ping") { mayGoOn.now } }
        } _: { server in
            let path = "/api/agent/stream/" + (try await server.ask("Go"))
            let viewer = try RawConnection(port: server.port)
            await viewer.send("GET \(path) HTTP/1.0\r\n\r\n")
            var answer = await viewer.read(until: ": ping\n\n")
            mayGoOn.change { $0 = true }
            answer += await viewer.readAll()

            #expect(answer.contains("\r\n\r\nretry: 1000\n\n"))
            #expect(answer.components(separatedBy: "retry:").count == 2)
            #expect(answer.contains(": ping\n\n") && answer.hasSuffix("data: [DONE]\n\n"))
            #expect(answer.contains("Cache-Control: no-cache, no-transform\r\n"))
            #expect(answer.contains("X-Accel-Buffering: no\r\n"))
        }
    }

    @Test func `a server pings before proxies lose patience, which some do after fifteen seconds`() {
        #expect(StreamServerConfiguration(agents: []).pingInterval <= .seconds(15))
    }

    @Test func `the page forbids everything that is not its own`() async throws {
        try await withServer { server in
            let page = try await server.send("/")
            let policy = try #require(page.headers.first(name: "Content-Security-Policy"))
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(!page.text.contains("{{nonce}}"))
            #expect(!page.text.contains("innerHTML") && !page.text.contains("http://"))
        }
    }
}
