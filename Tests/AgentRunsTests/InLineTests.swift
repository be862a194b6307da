import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("Prompts that stand in line", .timeLimit(.minutes(2)))
struct InLineTests {
    @Test func `a second prompt to a busy conversation begins when the first has ended`() async throws {
        try await withScratchRedis { redis in
            let runs = AgentRuns(redis: redis, names: RunNames(queueKey: scratchKey()))
            let (gate, open) = AsyncStream<Void>.makeStream()
            let requests = ["first", "second", "third"].map {
                RunRequest(conversationID: scratchKey(), correlationID: $0, agent: "A", message: $0)
            }.map {
                var request = $0
                request.conversationID = "in-line"
                return request
            }
            let worker = runs.worker(as: "w") { writer in
                if writer.request.correlationID == "first" { for await _ in gate {} }
                try await writer.append(.text, text: "\(writer.request.message) ")
                try await writer.complete()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { group.cancelAll() }
                try await runs.submit(requests[0])
                for request in requests.dropFirst() { try await runs.submit(request, inLine: true) }
                let log = runs.log(of: "in-line")
                try await eventually("the first has begun") {
                    try await log.history().contains { $0.kind == .taskStarted }
                }
                #expect(try await runs.load() == RunLoad(waiting: 2, running: 1))
                open.finish()

                try await eventually("all have ended") {
                    try await log.history().filter(\.isLast).count == 3
                }
                let begun = try await log.history().filter { $0.kind == .taskStarted || $0.isLast }.map(\.run)
                #expect(begun == [1, 1, 2, 2, 3, 3])
                #expect(try await log.history().answer == "first second third ")
            }
            _ = try await redis.send(["DEL"] + runs.names.sharedKeys + RunNames.keys(of: "in-line"))
        }
    }
}
