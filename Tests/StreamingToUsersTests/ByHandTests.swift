import Foundation
import TestSupport
import Testing

@Suite("The route by hand, and the learner's own curl", .timeLimit(.minutes(2)))
struct ByHandTests {
    @Test func `curl hangs up after three words, and gets exactly the rest with the last id`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "by-hand", "--port", "0")
            try await server.says("Ctrl-C stops the server")
            let address = try #require(server.said.firstMatch(of: /curl -N (http:\S+)/)).1
            let first = try await programs.shell("exec curl -sN \(address)")
            try await first.says("data: logs")
            first.send(SIGTERM)
            _ = await first.end()
            let id = try #require(first.said.matches(of: /id: (\S+)\ndata: logs/).first).1

            let second = try await programs.shell("exec curl -sN -H 'Last-Event-ID: \(id)' \(address)")
            #expect(await second.end() == .exited(0))
            let whole = try await programs.shell("exec curl -sN \(address)")
            #expect(await whole.end() == .exited(0))

            let words = second.said.matches(of: /data: (.*)\n/).map { String($0.1) }
            #expect(words == ["that ", "you ", "can ", "come ", "back ", "to."])
            let end = try #require(whole.said.range(of: "data: logs \n\n")).upperBound
            #expect(whole.said[end...] == second.said)
        }
    }

    @Test func `a port that is taken is named`() async throws {
        try await withPrograms { programs in
            let server = try await programs.start("streaming-to-users", "by-hand", "--port", "0")
            try await server.says("Ctrl-C stops the server")
            let port = try #require(server.said.firstMatch(of: /127.0.0.1:(\d+)/)).1
            let second = try await programs.start("streaming-to-users", "by-hand", "--port", String(port))
            #expect(await second.end() == .exited(1))
            #expect(second.complained.contains("Cannot listen on port \(port)"), "\(second.complained)")
        }
    }
}
