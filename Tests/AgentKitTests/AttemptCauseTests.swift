import AgentKit
import AgentRuns
import StreamKit
import TestSupport
import Testing

@Suite("Why a run goes on in another attempt", .timeLimit(.minutes(2)))
struct AttemptCauseTests {
    @Test func `a failure that is tried again is named`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            let turns = Shared(0)
            let failingOnce = TestAgent { _ in
                turns.change { $0 += 1 }
                if turns.now == 1 { throw ModelTrouble() }
                return [.text("done")]
            }
            try await place.work(by: failingOnce) {
                let attempts = try await place.watch(request).attempts
                #expect(attempts == ["attempt 2: tries again after a failure"])
            }
        }
    }

    @Test func `a worker that was shut down is named`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            let silent = TestAgent(model: TestModel { _ in AsyncThrowingStream { _ in } })
            try await place.work(by: silent) {
                try await eventually("the run has begun") {
                    try await place.log(request).history().contains { $0.kind == .taskStarted }
                }
            }
            try await place.work(by: TestAgent { _ in [.text("done")] }) {
                let attempts = try await place.watch(request).attempts
                #expect(attempts == ["attempt 2: goes on, as the worker before was shut down"])
            }
        }
    }

    @Test func `a worker that was never heard of again is named`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            try await place.takeAndDie()
            _ = try await place.log(request).begin(request, token: 1)
            try await place.work(by: TestAgent { _ in [.text("done")] }) {
                let attempts = try await place.watch(request).attempts
                #expect(attempts == ["attempt 2: another worker goes on, as the one before was lost"])
            }
        }
    }

    @Test func `a decision is named`() async throws {
        try await withQueue { place in
            var agent = TestAgent { $0.results.isEmpty ? [.call("book", [:])] : [.text("done")] }
            var book = TestTool(name: "book") { _ in "booked" }
            book.needsApproval = true
            agent.tools = [book]
            let request = try await place.submit("Go")
            try await place.work(by: agent) {
                try await place.untilApprovalIsRequested(request)
                try await place.isEmpty(dead: 0)
                try await place.runs.decide(ApprovalDecision(call: "1-0", .approved), run: request.correlationID)
                let attempts = try await place.watch(request).attempts
                #expect(attempts == ["attempt 2: goes on after the decision"])
            }
        }
    }
}

extension [RunEvent] {
    /// The later attempts, as lines for people.
    fileprivate var attempts: [String] { filter { $0.kind == .attempt }.compactMap(\.line) }
}
