import AgentKit
import Foundation
import StreamKit
import TestSupport
import Testing

/// Workers as processes of their own, killed and stopped in the middle of a run.
@Suite("Workers of lesson 4 that die or hang", .timeLimit(.minutes(2)))
struct WorkerTests {
    @Test func `a killed worker's run is finished by another one, and no tool is called twice`() async throws {
        try await withRun { run in
            let first = try await run.work()
            try await run.hasSaid("9:00")
            first.send(SIGKILL)
            _ = await first.end()
            let second = try await run.work()

            let events = try await run.watch()
            #expect(events.last?.kind == .taskCompleted)
            #expect(events.filter { $0.kind == .attempt }.count == 1)
            #expect(events.filter { $0.kind == .toolUsage }.count == 4)
            #expect(events.answer == (try await run.uninterrupted()))
            #expect(events.map(\.sequence) == Array(events.indices))
            second.send(SIGTERM)
            #expect(await second.end() == .exited(143))
        }
    }

    @Test func `a worker that hangs past its lease and wakes up changes nothing any more`() async throws {
        try await withRun { run in
            let zombie = try await run.work()
            try await run.hasSaid("9:00")
            zombie.send(SIGSTOP)
            let second = try await run.work()
            try await eventually("a second attempt has begun") {
                try await run.log.history().contains { $0.kind == .attempt }
            }
            zombie.send(SIGCONT)

            let events = try await run.watch()
            #expect(events.answer == (try await run.uninterrupted()))
            #expect(events.map(\.sequence) == Array(events.indices))
            let begun = try #require(events.firstIndex { $0.kind == .attempt })
            #expect(events[begun...].compactMap(\.text).joined() == events.answer)
            _ = second
        }
    }

    @Test func `a run whose worker and every later one is killed is closed by the next that lives`() async throws {
        try await withRun { run in
            for attempt in 1...5 {
                let worker = try await run.work()
                try await eventually("attempt \(attempt) has begun") {
                    try await run.log.history().count { $0.kind == .attempt || $0.kind == .taskStarted } == attempt
                }
                worker.send(SIGKILL)
                _ = await worker.end()
            }
            _ = try await run.work()

            let last = try #require(try await run.watch().last)
            #expect(last.kind == .taskFailed && last.isLast)
            #expect(last.error?.contains("several times") == true)
        }
    }

    @Test func `replay prints a run from its log alone, and says so where there is none`() async throws {
        try await withRun { run in
            let worker = try await run.work()
            _ = try await run.watch()
            worker.send(SIGINT)
            #expect(await worker.end() == .exited(130))

            let replay = try await run.programs.start(
                "agent-task-logging", "replay", run.request.conversationID, "--redis", run.url)
            #expect(await replay.end() == .exited(0))
            #expect(replay.said.contains("│ # ✈️ Rome") && replay.said.contains("task_completed"))
            for id in ["unknown", "", "a b", "{x}", "🗼"] {
                let none = try await run.programs.start("agent-task-logging", "replay", id, "--redis", run.url)
                #expect(await none.end() == .exited(1))
                #expect(none.complained.contains("There is no log of conversation \(id)"))
            }
        }
    }
}

private struct Run: Sendable {
    let programs: Programs
    let url: String
    let log: RunLog
    let request: RunRequest

    func work() async throws -> Program {
        try await programs.start("agent-task-logging", "work", "--redis", url, "--lease", "0.5")
    }

    func hasSaid(_ text: String) async throws {
        try await eventually("the agent says \(text)") { try await log.history().answer.contains(text) }
    }

    func watch() async throws -> [RunEvent] {
        var events: [RunEvent] = []
        for try await event in log.events(after: .beginning) { events.append(event) }
        return events
    }

    /// What the same agent answers when nobody disturbs it.
    func uninterrupted() async throws -> String {
        var other = request
        other.conversationID = "undisturbed"
        let log = RunLog(redis: log.stream.redis, conversationID: other.conversationID)
        try await runAgent(TravelPlanner(model: ScriptedModel(pace: .zero)), request: other, attempt: 1, log: log)
        return try await log.history().answer
    }
}

private func withRun(_ body: (Run) async throws -> Void) async throws {
    try await withPrograms { programs in
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                let request = RunRequest(
                    conversationID: "trip", correlationID: "first", agent: "TravelPlanner",
                    message: "Plan a 1-day trip to Rome")
                let log = RunLog(redis: redis, conversationID: request.conversationID)
                try await log.accept(request)
                let queue = TaskQueue<RunRequest>(redis: redis, key: "agent-tasks", group: "agents")
                try await queue.enqueue(request)
                let port = try #require(local.port)
                try await body(
                    Run(programs: programs, url: "redis://127.0.0.1:\(port)", log: log, request: request))
            }
        }
    }
}
