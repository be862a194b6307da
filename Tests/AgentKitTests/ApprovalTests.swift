import AgentKit
import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("Approval of tools", .timeLimit(.minutes(2)))
struct ApprovalTests {
    @Test(arguments: [ApprovalDecision.Verdict.approved, .rejected])
    func `a call that needs approval gives its worker back, and the run goes on in another one`(
        verdict: ApprovalDecision.Verdict
    ) async throws {
        try await withQueue { place in
            let calls = Shared(0)
            let request = try await place.submit("Go")
            try await place.work(by: agent(calls)) {
                try await place.untilApprovalIsRequested(request)
                try await place.isEmpty(dead: 0)
            }
            #expect(calls.now == 0)

            let decision = ApprovalDecision(call: "1-0", verdict, comment: "Too dear")
            try await place.runs.decide(decision, run: request.correlationID)

            try await place.work(by: agent(calls)) {
                let events = try await place.watch(request)
                #expect(
                    events.answer == (verdict == .approved ? "booked" : "A person did not allow 'book': Too dear"))
                #expect(events.first { $0.kind == .approvalDecided }?.decodeData(ApprovalDecision.self) == decision)
                #expect(events.last?.kind == .taskCompleted)
                #expect(calls.now == (verdict == .approved ? 1 : 0))
                try await place.isEmpty(dead: 0)
            }
        }
    }

    @Test func `two calls are decided one by one, and each is carried out once`() async throws {
        try await withQueue { place in
            let calls = Shared(0)
            let request = try await place.submit("Go")
            try await place.work(by: agent(calls, count: 2)) {
                try await place.untilApprovalIsRequested(request)
                try await place.runs.decide(ApprovalDecision(call: "1-1", .approved), run: request.correlationID)
                try await eventually("the first is carried out") { calls.now == 1 }
                try await place.isEmpty(dead: 0)
                try await place.runs.decide(ApprovalDecision(call: "1-0", .approved), run: request.correlationID)

                let events = try await place.watch(request)
                #expect(events.answer == "booked, booked" && calls.now == 2)
                #expect(events.filter { $0.kind == .approvalRequested }.count == 2)
            }
        }
    }

    @Test func `what nobody decides in time is rejected`() async throws {
        try await withQueue { place in
            var agent = agent(Shared(0))
            agent.limits.approvalTime = .milliseconds(10)
            let request = try await place.submit("Go")
            try await place.work(by: agent) {
                let answer = try await place.watch(request).answer
                #expect(answer == "A person did not allow 'book': Nobody decided in time.")
            }
        }
    }

    @Test func `a decision whose taker died before the run was enqueued is found`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            try await place.work(by: agent(Shared(0))) {
                try await place.untilApprovalIsRequested(request)
                try await place.isEmpty(dead: 0)
                try await place.runs.paused.lookSoon(at: request.correlationID)
                try await place.log(request).decide(
                    ApprovalDecision(call: "1-0", .approved), run: request.correlationID)

                #expect(try await place.watch(request).answer == "booked")
            }
        }
    }

    @Test func `a call is decided once, and only if it waits and its run is open`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            let decide = { (call: String, run: String) in
                try await place.runs.decide(ApprovalDecision(call: call, .approved), run: run)
            }
            try await place.work(by: agent(Shared(0), count: 2)) {
                try await place.untilApprovalIsRequested(request)
                try await place.isEmpty(dead: 0)
            }
            await #expect(throws: RunLogError.unknownCall) { try await decide("1-0", "nobody") }
            await #expect(throws: RunLogError.unknownCall) { try await decide("7-7", request.correlationID) }
            try await decide("1-0", request.correlationID)
            await #expect(throws: RunLogError.decided) { try await decide("1-0", request.correlationID) }
            _ = try await place.runs.cancel(request.conversationID)
            await #expect(throws: RunLogError.finished(.taskCancelled)) {
                try await decide("1-1", request.correlationID)
            }
        }
    }

    /// An agent that wants to book something, and then says what came of it.
    private func agent(_ calls: Shared<Int>, count: Int = 1) -> TestAgent {
        var agent = TestAgent { messages in
            guard messages.results.isEmpty else {
                return [.text(messages.results.map { $0.string ?? $0["error"]?.string ?? "?" }.joined(separator: ", "))]
            }
            return (0..<count).map { .call("book", [:], id: "call-\($0)") }
        }
        var book = TestTool(name: "book", isSafeToRepeat: false) { _ in
            calls.change { $0 += 1 }
            return "booked"
        }
        book.needsApproval = true
        agent.tools = [book]
        return agent
    }
}

extension Place {
    func untilApprovalIsRequested(_ request: RunRequest) async throws {
        try await eventually("approval is requested") {
            try await log(request).history().contains { $0.kind == .approvalRequested }
        }
    }
}
