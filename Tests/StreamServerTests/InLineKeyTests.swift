import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import StreamServer

@Suite("Prompts with a key that stand in line")
struct InLineKeyTests {
    @Test func `a prompt with a key waits in line once, however often it is sent`() async throws {
        try await withServer(pace: .milliseconds(20), script: endlessScript) { server in
            let conversation = try await server.ask("First")
            let ask = { (query: String) in
                try await server.send(
                    "/api/agents/TravelPlanner/run\(query)", method: .POST,
                    headers: ["Content-Type": "application/json", "Idempotency-Key": "a-key"],
                    body: Array(#"{"message": "Second", "session_id": "\#(conversation)"}"#.utf8))
            }
            #expect(try await ask("").status == 409)

            let first = try await ask("?when_busy=queue")
            let again = try await ask("?when_busy=queue")

            #expect(first.status == 202 && again.status == 202 && again.text == first.text)
            let waiting = try await server.send("/api/runs/\(conversation)")
            #expect(waiting.text.components(separatedBy: #""prompt":"Second""#).count == 2)
            #expect(try await server.send("/api/agent/stream/\(conversation)/cancel", method: .POST).status == 202)
        }
    }
}
