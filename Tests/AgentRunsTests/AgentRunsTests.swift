import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("The service for runs", .timeLimit(.minutes(2)))
struct AgentRunsTests {
    @Test func `a submitted run is in the log and in the queue, and counted until a worker begins it`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()

            #expect(try await runs.log(of: request.conversationID).history().map(\.kind) == [.progress])
            #expect(try await runs.load() == RunLoad(waiting: 1, running: 0))
            try await runs.working {
                try await eventually("the run is over") { try await runs.end(of: request) == .taskCompleted }
                try await eventually("nothing waits") { try await runs.load() == RunLoad(waiting: 0, running: 0) }
            }
        }
    }

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

    @Test func `a follower finds a run that was accepted and never enqueued`() async throws {
        var retention = RunRetention()
        // The follower's reads end this soon.
        retention.timeToLive = .milliseconds(200)
        try await withRuns(retention) { runs in
            let request = runs.request()
            try await runs.waiting.add(request, caller: nil)
            try await runs.log(of: request.conversationID).accept(request)
            try await runs.makeDue()

            let following = Task { for try await _ in runs.events(of: request.conversationID, after: .beginning) {} }
            try await eventually("it is enqueued") { try await runs.queue.status().waiting == 1 }
            following.cancel()
            _ = await following.result
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

    @Test func `a worker drops a task whose log is gone, and does not bring it back`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()
            try await runs.log(of: request.conversationID).remove()
            try await runs.working {
                try await eventually("the queue is empty") {
                    let status = try await runs.queue.status()
                    return status.waiting + status.running + status.delayed == 0
                }
            }
            #expect(try await runs.queue.status().dead == 0)
            #expect(try await !runs.exists(request.conversationID))
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
            #expect(try await !runs.exists(refused.conversationID))
            #expect(try await runs.waitingRuns(of: "ada") == 2)
            try await runs.working {
                try await eventually("nothing waits") { try await runs.load().waiting == 0 }
            }
            #expect(try await runs.waitingRuns(of: "ada") == 0)
        }
    }

    @Test func `bookkeeping of waiting runs that holds something else is made anew, and the run is done`()
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

    @Test func `a run is called off though notices of that cannot be written`() async throws {
        try await withRuns { runs in
            for poison in [
                ["SET", runs.names.cancelled, "poison"],
                ["XADD", runs.names.cancelled, "\(StreamID.maximum)", "correlation_id", "poison"],
            ] {
                let request = try await runs.submitted()
                try await runs.redis.send("DEL", runs.names.cancelled)
                try await runs.redis.send(poison)

                #expect(try await runs.cancel(request.conversationID) == [request.correlationID])

                let notices = try await runs.notices.stream.entries()
                #expect(notices.map { $0["correlation_id"] } == [request.correlationID])
            }
        }
    }

    @Test func `cancelling a run that waits takes its task out of the queue`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()

            #expect(try await runs.cancel(request.conversationID) == [request.correlationID])

            #expect(try await runs.load() == RunLoad(waiting: 0, running: 0))
            #expect(try await runs.queue.status().waiting == 0)
        }
    }

    @Test func `keys share a slot with what they belong to, whatever braces it has`() {
        for key in ["agent-tasks", "{shop}tasks", "a{}b"] {
            let tag = key.hasPrefix("{shop}") ? "{shop}" : "{\(key)}"
            for companion in RunNames(queueKey: key).sharedKeys where companion != key {
                #expect(companion.hasPrefix(tag))
            }
        }
        #expect(RunNames.keys(of: "{x}y") == ["agent-stream:{x}y", "agent-stream:{x}y:run"])
        #expect(RunNames.keys(of: "x") == ["agent-stream:x", "{agent-stream:x}:run"])
    }

    @Test func `nothing but logs is left when all runs are over`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()
            try await runs.working {
                try await eventually("the run is over") { try await runs.end(of: request) == .taskCompleted }
                try await eventually("nothing waits") { try await runs.load() == RunLoad(waiting: 0, running: 0) }
            }
            let keys = try await runs.redis.send("KEYS", "*\(runs.names.queueKey)*").elements?.compactMap(\.text) ?? []
            #expect(Set(keys).subtracting(runs.names.sharedKeys) == [])
        }
    }

    @Test func `a worker of a group that was deleted and created again wins over the old one`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()
            let log = runs.log(of: request.conversationID)
            let old = try await log.begin(request, token: 3)
            // What the queue calls the first attempt of its second group.
            let new = try await log.begin(request, token: 1 << 32 + 1)

            await #expect(throws: RunLogError.staleAttempt(attempt: 3, current: 1 << 32 + 1)) {
                try await old.append(.text, text: "zombie")
            }
            try await new.complete()
            #expect(try await log.history().first { $0.kind == .attempt }?.data?.contains(#""attempt":2"#) == true)
        }
    }
}

extension AgentRuns {
    func request() -> RunRequest {
        RunRequest(conversationID: scratchKey(), correlationID: scratchKey(), agent: "Echo", message: "Go")
    }

    func submitted() async throws -> RunRequest {
        let request = request()
        try await submit(request)
        return request
    }

    func end(of request: RunRequest) async throws -> RunEvent.Kind? {
        try await log(of: request.conversationID).end(of: request)
    }

    /// Makes every waiting run look as if it had waited for a while.
    func makeDue() async throws {
        for id in try await redis.send("ZRANGE", names.waiting[0], "0", "-1").elements?.compactMap(\.text) ?? [] {
            try await redis.send("ZADD", names.waiting[0], "0", id)
        }
    }

    /// Runs a worker that answers each request with its own words, for the length of the body.
    func working(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let worker = worker(as: "worker") { writer in
                try await writer.append(.text, text: writer.request.message)
                try await writer.complete()
            }
            group.addTask { try await worker.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

func withRuns(
    _ retention: RunRetention = .init(), limits: RunLimits = .init(), _ hint: String = #function,
    _ body: (AgentRuns) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        let names = RunNames(queueKey: scratchKey(hint))
        let runs = AgentRuns(redis: redis, names: names, retention: retention, limits: limits)
        try await body(runs)
        try await redis.send(["DEL"] + names.sharedKeys)
    }
}
