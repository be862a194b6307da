import LocalRedis
import TravelPlanner
import AgentRuns
import AgentKit
import Foundation
import StreamKit
import TestSupport
import Testing

/// Workers as processes of their own, killed and stopped in the middle of a run.
///
/// Their leases are long, so that no live worker ever loses its task however slow the machine is; what waiting
/// would do to a dead one's, `expireLease` does.
@Suite("Workers of lesson 4 that die or hang", .timeLimit(.minutes(10)))
struct WorkerTests {
    @Test func `a killed worker's run is finished by another one, and no tool is called twice`() async throws {
        try await withQueue { queue in
            let (run, first) = try await queue.runInTheMiddle(sending: SIGKILL)
            _ = await first.end()
            try await queue.expireLease()
            let second = try await queue.work()

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
        try await withQueue { queue in
            let (run, zombie) = try await queue.runInTheMiddle(sending: SIGSTOP)
            try await queue.expireLease()
            _ = try await queue.work()
            try await run.hasBegun(attempts: 2)
            zombie.send(SIGCONT)

            let events = try await run.watch()
            #expect(events.answer == (try await run.uninterrupted()))
            #expect(events.map(\.sequence) == Array(events.indices))
            let begun = try #require(events.firstIndex { $0.kind == .attempt })
            #expect(events[begun...].compactMap(\.text).joined() == events.answer)
        }
    }

    @Test func `a run whose worker and every later one is killed is closed by the next that lives`() async throws {
        try await withQueue { queue in
            let run = try await queue.ask("Plan a week in Rome")
            for attempt in 1...20 {
                let worker = try await queue.work()
                try await run.hasBegun(attempts: attempt)
                worker.send(SIGKILL)
                _ = await worker.end()
                try await queue.expireLease()
            }
            _ = try await queue.work()

            let last = try #require(try await run.watch().last)
            #expect(last.kind == .taskFailed && last.isLast)
            #expect(last.error?.contains("several times") == true)
        }
    }

    @Test func `replay prints a run from its log alone, and says so where there is none`() async throws {
        try await withQueue { queue in
            let run = try await queue.ask()
            let worker = try await queue.work()
            _ = try await run.watch()
            worker.send(SIGINT)
            #expect(await worker.end() == .exited(130))

            let replay = try await queue.programs.start(
                "agent-task-logging", "replay", run.request.conversationID, "--redis", queue.url)
            #expect(await replay.end() == .exited(0))
            #expect(replay.said.contains("│ # ✈️ Rome") && replay.said.contains("  completed\n"))
            for id in ["unknown", "", "a b", "{x}", "🗼"] {
                let none = try await queue.programs.start("agent-task-logging", "replay", id, "--redis", queue.url)
                #expect(await none.end() == .exited(1))
                #expect(none.complained.contains("There is no log of conversation '\(id)': it expired"))
            }
        }
    }
}

/// The queue `agent-tasks` of a server of its own, and programs that work on it.
private struct AgentQueue: Sendable {
    let programs: Programs
    let url: String
    let redis: Redis

    func ask(_ prompt: String = "Plan a 1-day trip to Rome") async throws -> Run {
        let request = RunRequest(
            conversationID: "trip-\(UUID().uuidString)", correlationID: UUID().uuidString, agent: "TravelPlanner",
            message: prompt)
        try await AgentRuns(redis: redis).submit(request)
        return Run(log: RunLog(redis: redis, conversationID: request.conversationID), request: request)
    }

    func work() async throws -> Program {
        try await programs.start("agent-task-logging", "work", "--redis", url, "--lease", "600")
    }

    /// A run that got this signal in the middle of its answer, and the worker that had it.
    ///
    /// A worker that was done before the signal came proves nothing, so another run is begun then.
    func runInTheMiddle(sending signal: Int32) async throws -> (Run, Program) {
        for _ in 1...20 {
            let run = try await ask()
            let worker = try await work()
            try await eventually("the agent says 9:00") { try await run.log.history().answer.contains("9:00") }
            worker.send(signal)
            // After its answer Redis has carried out all that the worker had sent.
            _ = try await redis.send("PING")
            if try await run.log.history().last?.isLast == false { return (run, worker) }
            worker.send(SIGKILL)
            _ = await worker.end()
        }
        throw AlwaysTooLate()
    }

    /// Makes the task of a worker that is dead or stopped look as long untouched as waiting would.
    func expireLease() async throws {
        // A stopped worker still waits in a blocking read, and the server would give it its own task again.
        try await eventually("no read is blocked any more") {
            try await redis.send("INFO", "clients").text?.contains("blocked_clients:0") == true
        }
        for key in ["agent-tasks", "{agent-tasks}:resumed"] {
            for pending in try await redis.stream(key).group("agents").pendingEntries() {
                _ = try await redis.send(
                    "XCLAIM", key, "agents", pending.consumer, "0", "\(pending.id)", "IDLE", "3600000", "JUSTID")
            }
        }
    }
}

/// Twenty runs were over before a signal reached their worker.
private struct AlwaysTooLate: Error {}

private struct Run: Sendable {
    let log: RunLog
    let request: RunRequest

    func hasBegun(attempts: Int) async throws {
        try await eventually("attempt \(attempts) has begun") {
            try await log.history().count { $0.kind == .attempt || $0.kind == .taskStarted } == attempts
        }
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
        try await TravelPlanner(model: ScriptedModel(pace: .zero)).answer(through: log.begin(other, token: 1))
        return try await log.history().answer
    }
}

private func withQueue(_ body: (AgentQueue) async throws -> Void) async throws {
    try await withPrograms { programs in
        try await withScratchServer { local in
            try await withRedis(local.configuration) { redis in
                let port = try #require(local.port)
                try await body(AgentQueue(programs: programs, url: "redis://127.0.0.1:\(port)", redis: redis))
            }
        }
    }
}
