import TravelPlanner
@testable import AgentRuns
import AgentKit
import StreamKit
import TestSupport
import Testing

@Suite("A worker of the agents' queue", .timeLimit(.minutes(2)))
struct AgentWorkerTests {
    @Test func `answers what is in the queue`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Plan a 1-day trip to Rome")
            try await place.work(by: TravelPlanner(model: ScriptedModel(pace: .zero))) {
                let events = try await place.watch(request)
                #expect(events.answer.contains("Rome") && events.last?.kind == .taskCompleted)
                try await place.isEmpty(dead: 0)
            }
        }
    }

    @Test func `a request for an agent that nobody has fails with words for the user`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go", agent: "Nobody")
            try await place.work(by: TestAgent { _ in [] }) {
                let last = try #require(try await place.watch(request).last)
                #expect(last.kind == .taskFailed && last.error == "There is no agent 'Nobody' here.")
                try await place.isEmpty(dead: 1)
            }
        }
    }

    @Test func `a model that always fails ends the run at the last attempt`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            try await place.work(by: TestAgent { _ in throw ModelTrouble() }) {
                let events = try await place.watch(request)
                #expect(events.filter { $0.kind == .attempt }.count == 1)
                #expect(events.last?.kind == .taskFailed && events.last?.error?.contains("several times") == true)
                try await place.isEmpty(dead: 1)
            }
        }
    }

    @Test func `a model that refuses for good ends the run at the first attempt, with the sentence for the user`()
        async throws
    {
        try await withQueue { place in
            let request = try await place.submit("Go")
            let refusal = ModelError("401: no such key", status: 401, mayPass: false, userMessage: "Ask the operator.")
            try await place.work(by: TestAgent { _ in throw refusal }) {
                let events = try await place.watch(request)
                #expect(!events.contains { $0.kind == .attempt })
                #expect(events.last?.kind == .taskFailed && events.last?.error == "Ask the operator.")
                try await place.isEmpty(dead: 1)
            }
        }
    }

    @Test func `a run whose every worker dies gets a last event from the worker that gives it up`() async throws {
        try await withQueue(maximumWorkerDeaths: 1) { place in
            let request = try await place.submit("Go")
            try await place.takeAndDie()
            try await place.work(by: TestAgent { _ in [.text("too late")] }) {
                let events = try await place.watch(request)
                #expect(events.last?.kind == .taskFailed && events.last?.isLast == true)
                #expect(events.answer == "")
                try await place.isEmpty(dead: 1)
            }
        }
    }

    @Test func `attempts that were handed back do not bring a run nearer to its end`() async throws {
        try await withQueue(maximumAttempts: 2) { place in
            let request = try await place.submit("Go")
            let asked = Shared(0)
            let silent = TestModel { _ in
                asked.change { $0 += 1 }
                return AsyncThrowingStream { _ in }
            }
            for round in 1...3 {
                try await place.work(by: TestAgent(model: silent)) {
                    try await eventually("the model is asked") { asked.now == round }
                }
            }
            let failures = Shared(0)
            let failingOnce = TestAgent { _ in
                failures.change { $0 += 1 }
                if failures.now == 1 { throw ModelTrouble() }
                return [.text("done")]
            }
            try await place.work(by: failingOnce) {
                let events = try await place.watch(request)
                #expect(events.answer == "done" && events.last?.kind == .taskCompleted)
            }
        }
    }

    @Test func `a checkpoint in the log tells the queue that the task made progress`() async throws {
        try await withQueue(maximumWorkerDeaths: 1) { place in
            let request = try await place.submit("Go")
            let task = Shared<QueuedTask<RunRequest>?>(nil)
            // One attempt that writes a checkpoint and then is never heard of again.
            let working = Task {
                try await place.queue.work(as: "dying") { delivered in
                    let log = place.log(request)
                    let writer = try await log.begin(
                        request, token: delivered.fencingToken, onCheckpoint: { try? await delivered.madeProgress() })
                    try await writer.checkpoint(.toolUsage, data: "{}")
                    task.change { $0 = delivered }
                    try await Task.sleep(for: .seconds(3_600))
                }
            }
            try await eventually("a checkpoint is written") { task.now != nil }
            let progress = try await place.redis.send("HLEN", "{\(place.queue.key)}:progress").integer
            working.cancel()
            _ = await working.result

            #expect(progress == 1)
        }
    }

    @Test func `a run that was given up while no agent worker lived gets its last event later`() async throws {
        try await withQueue(maximumAttempts: 1) { place in
            let request = try await place.submit("Go")
            let burying = Task { try await place.queue.work(as: "burier") { _ in throw ModelTrouble() } }
            try await eventually("the task is a dead letter") { try await place.queue.status().dead == 1 }
            burying.cancel()
            _ = await burying.result
            #expect(try await place.log(request).history().last?.kind == .progress)

            try await place.work(by: TestAgent { _ in [] }) {
                let last = try await place.watch(request).last
                #expect(last?.kind == .taskFailed)
            }
        }
    }

    @Test func `a cancellation reaches a worker whose model is silent`() async throws {
        try await withQueue { place in
            let isStopped = Shared(false)
            let request = try await place.submit("Go")
            let silent = TestModel { _ in
                AsyncThrowingStream { continuation in
                    continuation.onTermination = { _ in isStopped.change { $0 = true } }
                }
            }
            try await place.work(by: TestAgent(model: silent)) {
                try await eventually("the model is asked") {
                    try await place.log(request).history().contains { $0.data?.contains("asking_model") == true }
                }
                let cancelled = try await place.runs.cancel(request.conversationID)

                #expect(cancelled == [request.correlationID])
                try await eventually("the model is stopped") { isStopped.now }
                try await place.isEmpty(dead: 0)
                let last = try #require(try await place.watch(request).last)
                #expect(last.kind == .taskCancelled && last.isLast)
            }
        }
    }

    @Test func `a worker that misses the notice is stopped by its next word`() async throws {
        try await withQueue { place in
            let (words, speak) = AsyncStream<String>.makeStream()
            let request = try await place.submit("Go")
            let model = TestModel { _ in
                AsyncThrowingStream { continuation in
                    Task {
                        for await word in words { continuation.yield(.text(word)) }
                        continuation.finish()
                    }
                }
            }
            try await place.work(by: TestAgent(model: model)) {
                speak.yield("one ")
                try await eventually("one") { try await place.log(request).history().answer == "one " }
                try await place.log(request).cancel()
                speak.yield("two")

                try await place.isEmpty(dead: 0)
                #expect(try await place.watch(request).answer == "one ")
            }
        }
    }

    @Test func `what is cancelled before a worker takes it is never begun`() async throws {
        try await withQueue { place in
            let request = try await place.submit("Go")
            try await place.log(request).cancel()
            try await place.work(by: TestAgent { _ in [.text("too late")] }) {
                try await place.isEmpty(dead: 0)
                let events = try await place.log(request).history()
                #expect(events.map(\.kind) == [.progress, .taskCancelled])
            }
        }
    }
}
