import AgentRuns
import LocalRedis
import StreamKit
import TestSupport
import Testing

@Suite("Submitting while connections are cut", .timeLimit(.minutes(2)))
struct SubmitOutageTests {
    @Test func `every prompt is accepted, and is in the queue once`() async throws {
        try await withScratchServer { server in
            try await withRedis(server.configuration) { redis in
                let admin = Redis(server.configuration)
                defer { admin.close() }
                let runs = AgentRuns(redis: redis, limits: RunLimits(maximumWaitingPerCaller: 1_000))
                // Unstructured: it cuts for as long as the test submits.
                let cutting = Task {
                    while !Task.isCancelled {
                        _ = try? await admin.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                        try? await Task.sleep(for: .milliseconds(Int.random(in: 10...30)))
                    }
                }
                defer { cutting.cancel() }

                for number in 0..<300 {
                    let request = RunRequest(
                        conversationID: "c\(number)", correlationID: "r\(number)", agent: "a", message: "m")
                    try await runs.submit(request, onlyIfIdle: true, caller: "c")
                }

                #expect(try await admin.send("XLEN", runs.names.queueKey).integer == 300)
            }
        }
    }
}
