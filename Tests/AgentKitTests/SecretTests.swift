import AgentKit
import AgentRuns
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("Secrets", .timeLimit(.minutes(2)))
struct SecretTests {
    @Test(arguments: [
        ("401 Unauthorized", #"{"error":{"message":"Incorrect API key provided: s3cr3t-k3y."}}"#),
        ("200 OK", "data: {\"error\":{\"message\":\"no s3cr3t-k3y\"}}\n\n"),
        ("200 OK", "data: s3cr3t-k3y\n\n"),
    ])
    func `a key that a service repeats is in no event of the log and in no dead letter`(
        status: String, body: String
    ) async throws {
        try await withReplayServer { _, _ in
            .answer(status, headers: ["content-type": "text/event-stream"], body: body)
        } _: { server in
            let model = try server.model(key: "s3cr3t-k3y", limits: .impatient)
            try await withQueue(maximumAttempts: 1) { place in
                let request = try await place.submit("Go")
                try await place.work(by: TestAgent(model: model)) {
                    let events = try await place.watch(request)
                    #expect(events.last?.kind == .taskFailed)
                    let entries = try await place.log(request).stream.entries()
                    #expect(!entries.contains { "\($0)".contains("s3cr3t-k3y") })
                    try await place.isEmpty(dead: 1)
                    let letters = try await place.queue.deadLetterStream.entries()
                    #expect(letters.count == 1 && !letters.contains { "\($0)".contains("s3cr3t-k3y") })
                }
            }
        }
    }
}
