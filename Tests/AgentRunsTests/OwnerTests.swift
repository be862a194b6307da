import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("Whose a conversation is")
struct OwnerTests {
    private func request(_ owner: String?, in conversation: String) -> RunRequest {
        RunRequest(
            conversationID: conversation, correlationID: scratchKey(), agent: "Echo", message: "Go", owner: owner)
    }

    @Test func `it belongs to the owner of its first request, and takes no others`() async throws {
        try await withRuns { runs in
            let conversation = scratchKey(), log = runs.log(of: conversation)
            try await log.accept(request("ann", in: conversation))
            #expect(try await log.owner() == "ann")
            let end = try await log.stream.lastID()

            for inLine in [false, true] {
                await #expect(throws: RunLogError.expired(conversationID: conversation)) {
                    try await runs.submit(request("bob", in: conversation), onlyIfIdle: !inLine, inLine: inLine)
                }
            }

            #expect(try await log.stream.lastID() == end)
            #expect(try await runs.load().waiting == 0)
            try await log.accept(request("ann", in: conversation))
            try await log.remove()
        }
    }

    @Test func `one without an owner is not to be had later`() async throws {
        try await withRuns { runs in
            let conversation = scratchKey(), log = runs.log(of: conversation)
            try await log.accept(request(nil, in: conversation))
            await #expect(throws: RunLogError.expired(conversationID: conversation)) {
                try await log.accept(request("ann", in: conversation))
            }
            #expect(try await log.owner() == nil)
            try await log.remove()
        }
    }

    @Test func `a decision about somebody else's run is unknown`() async throws {
        try await withRuns { runs in
            let run = request("ann", in: scratchKey())
            try await runs.paused.add(PausedRuns.Run(request: run, deadline: 1e15))
            await #expect(throws: RunLogError.unknownCall) {
                try await runs.decide(ApprovalDecision(call: "1-0", .approved), run: run.correlationID, owner: "bob")
            }
        }
    }
}
