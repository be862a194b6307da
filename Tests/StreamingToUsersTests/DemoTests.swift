import LocalRedis
import TestSupport
import Testing

@Suite("The demo of lesson 5", .timeLimit(.minutes(2)))
struct DemoTests {
    @Test func `a writer that Redis refuses ends the demo with the reason`() async throws {
        try await withPrograms { programs in
            try await withScratchServer(.init(tcp: true, extraArguments: ["--rename-command", "XADD", "\"\""])) {
                server in
                let url = "redis://127.0.0.1:\(try #require(server.port))"
                let demo = try await programs.start("streaming-to-users", "demo", "--redis", url)

                #expect(await demo.end() == .exited(1))
                #expect(demo.complained.contains("unknown command 'XADD'"), "\(demo.complained)")
            }
        }
    }
}
