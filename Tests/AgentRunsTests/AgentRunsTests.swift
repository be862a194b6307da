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
            #expect(try await !runs.log(of: request.conversationID).exists())
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

    @Test func `cancelling a run that a worker has cancels its handler, even if that writes nothing`() async throws {
        try await withRuns { runs in
            let (hasBegun, wasCancelled) = (Shared(false), Shared(false))
            let request = try await runs.submitted()
            let worker = runs.worker(as: "worker") { _ in
                hasBegun.change { $0 = true }
                do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.change { $0 = true } }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                defer { group.cancelAll() }
                try await eventually("the handler has begun") { hasBegun.now }

                #expect(try await runs.cancel(request.conversationID) == [request.correlationID])

                try await eventually("the handler is cancelled") { wasCancelled.now }
                try await eventually("nothing runs") { try await runs.load() == RunLoad(waiting: 0, running: 0) }
            }
            #expect(try await runs.end(of: request) == .taskCancelled)
            #expect(try await runs.queue.status().dead == 0)
        }
    }

    @Test func `a task whose run has gone on in a later task is over, and the run is not given up`() async throws {
        try await withRuns { runs in
            let request = try await runs.submitted()
            let later = try await runs.log(of: request.conversationID).begin(request, token: 1 << 40)

            try await runs.working {
                try await eventually("the task is over") { try await runs.queue.status().completedLastMinute == 1 }
            }

            #expect(try await runs.queue.status().dead == 0)
            try await later.complete()
            #expect(try await runs.end(of: request) == .taskCompleted)
        }
    }

    @Test func `a conversation whose highest ID is used up says so to everybody, and its worker goes on`() async throws
    {
        try await withRuns { runs in
            let request = try await runs.submitted()
            let log = runs.log(of: request.conversationID)
            try await runs.redis.send("XADD", log.stream.key, "\(StreamID.maximum)", "text", "poison")
            let damaged = RunLogError.damaged(conversationID: request.conversationID, field: "last_id")
            let other = try await runs.submitted()

            try await runs.working {
                try await eventually("it is given up") { try await runs.queue.status().dead == 1 }
                try await eventually("the other one is over") { try await runs.end(of: other) == .taskCompleted }
            }

            await #expect(throws: damaged) { for try await _ in log.events(after: .beginning) {} }
            await #expect(throws: damaged) { try await runs.submit(runs.request(in: request.conversationID)) }
            await #expect(throws: damaged) { _ = try await runs.cancel(request.conversationID) }
        }
    }
}
