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

    @Test func `a prompt that stands in line under a key is lined up once, however often it is sent`() async throws {
        try await withRuns { runs in
            let first = try await runs.submitted()
            let claims = (0..<2).map { _ in
                RunClaim(request: runs.request(in: first.conversationID), isContinued: true, cursor: "1-0")
            }

            let kept = try await runs.submit(claims[0], once: "key", inLine: true, caller: nil)
            let again = try await runs.submit(claims[1], once: "key", inLine: true, caller: nil)

            #expect(kept == claims[0] && again == claims[0])
            #expect(try await runs.load().waiting == 2)
            try await runs.working {
                try await eventually("both have ended") {
                    try await runs.log(of: first.conversationID).history().filter(\.isLast).count == 2
                }
            }
        }
    }

    @Test func `a prompt under a key is refused by a busy conversation, and the key can be used again`() async throws {
        try await withRuns { runs in
            let first = try await runs.submitted()
            let claim = RunClaim(request: runs.request(in: first.conversationID), isContinued: true, cursor: "1-0")
            await #expect(throws: RunLogError.busy(conversationID: first.conversationID)) {
                _ = try await runs.submit(claim, once: "key", caller: nil)
            }

            #expect(try await runs.submit(claim, once: "key", inLine: true, caller: nil) == claim)
            #expect(try await runs.load().waiting == 2)
        }
    }
}
