import TestSupport
import Testing

@Suite("How many prompts may wait at lesson 5's server", .timeLimit(.minutes(2)))
struct WaitingLimitTests {
    @Test(arguments: [["--waiting-runs", "2"], ["--waiting-runs-per-caller", "2"]])
    func `a prompt above the limit is refused with the reason, on the command line too`(option: [String]) async throws {
        try await withServe(option) { programs, client in
            for number in 1...2 { _ = try await client.ask("Plan trip \(number)") }

            let third = try await programs.start("streaming-to-users", "ask", "Plan trip 3", "--server", client.server)

            #expect(await third.end() == .exited(1))
            #expect(third.complained.contains("wait for a worker already"), "\(third.complained)")
        }
    }

    @Test func `with both limits 0, more prompts wait than the usual limit per caller`() async throws {
        try await withServe(["--waiting-runs", "0", "--waiting-runs-per-caller", "0"]) { _, client in
            // A refused prompt has no conversation, so each call proves that its prompt was accepted.
            for number in 1...101 { _ = try await client.ask("Plan trip \(number)") }
        }
    }

    private func withServe(_ options: [String], _ body: (Programs, Client) async throws -> Void) async throws {
        try await withPrograms { programs in
            let words = ["streaming-to-users", "serve", "--port", "0", "--no-worker"]
            let server = try await programs.start(words + options)
            try await body(programs, try await client(of: server))
        }
    }
}
