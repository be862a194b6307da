import Foundation
import NIOHTTP1
import ServerSentEvents
import StreamKit
import TestSupport
import Testing

@testable import StreamServer

@Suite("Links to one conversation", .timeLimit(.minutes(2)))
struct LinkTests {
    /// The two addresses that the holder of a token gets.
    private func link(_ server: RunningServer, to id: String) async throws -> (stream: String, snapshot: String) {
        let answer = try await server.send("/api/runs/\(id)/link", method: .POST, as: ann)
        #expect(answer.status == 200)
        return (try answer.json("stream"), try answer.json("snapshot"))
    }

    @Test func `a link shows its conversation to somebody without a token`() async throws {
        try await withGuardedServer { server in
            let id = try await server.ask("Go", as: ann)
            let link = try await link(server, to: id)

            let events = try await server.events(link.stream)
            #expect(events.filter { $0.event == "message" }.map(\.data).joined() == "Go: One two")
            let first = try #require(events.first?.id)
            let rest = try await server.events(link.stream + "&cursor=\(first)")
            #expect(rest.map(\.data) == events.dropFirst().map(\.data))
            #expect(try await server.send(link.snapshot).status == 200)
            #expect(try await server.send(link.stream, method: .HEAD).status == 200)
        }
    }

    @Test func `neither a server nor its configuration shows the key that signs links`() async throws {
        let secret = "0123456789abcdefghijklmnopqrstuvwxyz"
        var configuration = StreamServerConfiguration(agents: ["TravelPlanner"])
        configuration.linkKey = secret
        try await withRedis(RedisConfiguration(host: "127.0.0.1", port: 1)) { [configuration] redis in
            let server = StreamServer(redis: redis, configuration: configuration)
            for value in [server, configuration] as [any Sendable] {
                var dumped = ""
                dump(value, to: &dumped)
                for text in ["\(value)", String(reflecting: value), "\([value])", dumped] {
                    #expect(!text.contains(secret), "\(text)")
                }
            }
            #expect("\(server)" == "StreamServer on 127.0.0.1:8080")
        }
    }

    @Test func `a link opens nothing else`() async throws {
        try await withGuardedServer { server in
            let (id, other) = (try await server.ask("Go", as: ann), try await server.ask("Go", as: ann))
            let query = try await link(server, to: id).stream.drop { $0 != "?" }
            for path in ["/api/agent/stream/\(other)", "/api/runs/\(other)"] {
                #expect(try await server.send(path + query).status == 401, "\(path)")
            }
            for path in ["/api/runs/\(id)/cancel", "/api/runs/\(id)/link", "/api/agents/TravelPlanner/run"] {
                #expect(try await server.send(path + query, method: .POST).status == 401, "\(path)")
            }
        }
    }

    @Test func `a link that was changed, or has expired, is refused with a problem`() async throws {
        try await withGuardedServer { server in
            let id = try await server.ask("Go", as: ann)
            let parts = try await link(server, to: id).stream.components(separatedBy: "&signature=")
            let (address, signature) = (parts[0], parts[1])
            let later = address.dropLast(10) + "9999999999"
            let forged = [
                "\(later)&signature=\(signature)", "\(address)&signature=\(signature.dropLast())",
                "\(address)&signature=\(signature)A", "\(address)&signature=", "\(address)&signature=%00",
                "/api/agent/stream/\(id)?signature=\(signature)",
                "\(address)&signature=\(String(signature.reversed()))",
            ]
            for path in forged {
                let answer = try await server.send(path)
                #expect(answer.status == 401 && answer.text.contains("invalid_link"), "\(path)")
            }
        }
        try await withGuardedServer(adjust: { $0.linkLifetime = .seconds(-1) }) { server in
            let id = try await server.ask("Go", as: ann)
            #expect(try await server.send(try await link(server, to: id).stream).status == 401)
        }
    }

    @Test func `processes with the same key take each other's links, and others do not`() throws {
        func links(_ key: String?) -> ViewerLinks { ViewerLinks(key: key, lifetime: .seconds(60)) }
        let shared = String(repeating: "k", count: 32)
        let query = links(shared).query(for: "one").text
        #expect(links(shared).admit(query: query, to: "one"))
        #expect(!links(shared).admit(query: query, to: "two"))
        #expect(!links(shared + "2").admit(query: query, to: "one"))
        #expect(!links(nil).admit(query: links(nil).query(for: "one").text, to: "one"))
    }

    @Test func `a link is good to its last second, and not after it`() throws {
        let links = ViewerLinks(key: nil, lifetime: .seconds(60))
        let now = Date(timeIntervalSince1970: 1_000)
        let query = links.query(for: "one", now: now).text
        #expect(links.admit(query: query, to: "one", now: now.addingTimeInterval(59)))
        #expect(!links.admit(query: query, to: "one", now: now.addingTimeInterval(60)))
    }
}

extension ViewerLinks {
    fileprivate func admit(query: String, to conversation: String, now: Date = Date()) -> Bool {
        let values = Dictionary(
            uniqueKeysWithValues: query.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return (parts[0], parts[1])
            })
        return isGood(values["signature"], until: values["expires"], for: conversation, now: now)
    }
}
