import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("Runs that wait for a worker", .timeLimit(.minutes(2)))
struct WaitingRunsTests {
    @Test func `a run that was accepted and never enqueued is picked up, once`() async throws {
        try await withRuns { runs in
            let request = runs.request()
            try await runs.waiting.add(request, caller: nil)
            try await runs.log(of: request.conversationID).accept(request)
            try await runs.makeDue()

            try await runs.lookAfterWaitingRuns()
            try await runs.makeDue()
            try await runs.lookAfterWaitingRuns()

            #expect(try await runs.queue.status().waiting == 1)
            try await runs.working {
                try await eventually("the run is over") { try await runs.end(of: request) == .taskCompleted }
            }
        }
    }

    @Test func `a prompt finds that the open run before it was never enqueued`() async throws {
        try await withRuns { runs in
            let request = runs.request()
            try await runs.waiting.add(request, caller: nil)
            try await runs.log(of: request.conversationID).accept(request)
            try await runs.makeDue()
            var next = request
            next.correlationID = scratchKey()

            await #expect(throws: RunLogError.busy(conversationID: request.conversationID)) {
                try await runs.submit(next, onlyIfIdle: true)
            }
            #expect(try await runs.queue.status().waiting == 1)
        }
    }

    @Test func `a run whose task is gone ends with words for the user`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()
            try await runs.queue.remove()
            try await runs.makeDue()

            try await runs.lookAfterWaitingRuns()

            let last = try await runs.log(of: request.conversationID).history().last
            #expect(last?.kind == .taskFailed && last?.error?.contains("lost") == true)
            #expect(try await runs.load().waiting == 0)
        }
    }

    @Test func `a run that waits too long ends, and the worker that comes then drops it`() async throws {
        var retention = RunRetention()
        retention.maximumWait = .zero
        try await withRuns(retention) { runs in
            let request = try await runs.submitted()
            try await runs.makeDue()
            try await runs.lookAfterWaitingRuns()

            let events = try await runs.log(of: request.conversationID).follow(.live)
            #expect(events.last?.kind == .taskFailed && events.last?.error?.contains("too long") == true)
            #expect(try await runs.queue.status().waiting == 0)
        }
    }

    @Test func `more runs than may wait are refused, in all and per caller`() async throws {
        try await withRuns(limits: RunLimits(maximumWaiting: 3, maximumWaitingPerCaller: 2)) { runs in
            for _ in 0..<2 { try await runs.submit(runs.request(), caller: "ada") }
            await #expect(throws: RunLogError.tooManyWaiting(2, ofCaller: true)) {
                try await runs.submit(runs.request(), caller: "ada")
            }
            try await runs.submit(runs.request(), caller: "bob")
            let refused = runs.request()
            await #expect(throws: RunLogError.tooManyWaiting(3, ofCaller: false)) {
                try await runs.submit(refused, caller: "eve")
            }
            #expect(try await !runs.log(of: refused.conversationID).exists())
            #expect(try await runs.waitingRuns(of: "ada") == 2)
            try await runs.working {
                try await eventually("nothing waits") { try await runs.load().waiting == 0 }
            }
            #expect(try await runs.waitingRuns(of: "ada") == 0)
        }
    }

    @Test func `bookkeeping of waiting runs that holds something else is replaced, and the run is done`()
        async throws
    {
        try await withRuns { runs in
            for key in runs.names.waiting {
                try await runs.redis.send("SET", key, "poison")
                let request = try await runs.submitted()
                try await runs.redis.send("SET", key, "poison")
                try await runs.lookAfterWaitingRuns()
                try await runs.working {
                    try await eventually("the run is over") { try await runs.end(of: request) == .taskCompleted }
                }
            }
            #expect(try await runs.load() == RunLoad(waiting: 0, running: 0))
        }
    }

    @Test(arguments: ["9223372036854775807", "999999999", "-1", "inf", "nan", "x"])
    func `a count of waiting runs that cannot be keeps no caller from asking`(text: String) async throws {
        try await withRuns { runs in
            try await runs.redis.send("HSET", runs.names.waiting[2], "ada", text)

            try await runs.submit(runs.request(), caller: "ada")

            #expect(try await runs.waitingRuns(of: "ada") == 1)
        }
    }
}
