// The demo in three acts: a list loses a task, a stream saves it, and the library is ready for the rest.
// Run:    ./lesson 3
// Expect: two workers killed and one paused (real processes, real signals), and what became of their tasks.

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// `demo`: plays the lesson from start to end.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Play the lesson from start to end (the default).")
    @OptionGroup var options: LessonOptions

    func run() async throws {
        try await withLesson(options, keys: Keys.lesson.all(tasks: 6)) { redis, narrator in
            narrator.title("Lesson 3: The task queue")
            narrator.say(
                """
                The agent at work takes its tasks from a queue. The queue says what to do; \
                a log stream for each task says what is happening while it is done.
                """)
            let environment = workersEnvironment(redis.configuration)
            let stage = Stage(redis: redis, narrator: narrator, environment: environment)
            try await stage.listLosesTask()
            try await stage.streamKeepsTask()
            try await stage.libraryAct()
            let next = LessonCommand.name(of: 4)
            narrator.say("Next: `\(next)`, where the worker becomes an agent that logs its thoughts.")
        }
    }

    /// This process's environment, with the demo's Redis in it.
    ///
    /// In the environment rather than among the arguments, which every user of the machine can read.
    private func workersEnvironment(_ configuration: RedisConfiguration) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if let url = options.redis {
            environment["REDIS_URL"] = url
        } else if case .unix(let path) = configuration.endpoint, !isNamed(in: environment) {
            let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
            environment["REDIS_URL"] = "unix://\(escaped)"
        }
        return environment
    }

    private func isNamed(in environment: [String: String]) -> Bool {
        (try? RedisConfiguration.fromEnvironment(environment)) != nil
    }
}

/// What every act of the demo needs.
struct Stage: Sendable {
    let redis: Redis
    let narrator: Narrator
    /// What the worker processes are started with.
    let environment: [String: String]

    /// Waits until a task's log has the event, so that the kill comes in the middle and not before or after.
    func wait(forTask id: Int, in kind: QueueKind, toLog event: String, step: String? = nil) async throws {
        try await withTimeLimit(waitingFor: "the entry '\(event)' in the log of task \(id)") {
            try await narrator.untraced {
                for try await entry in log(ofTask: id, in: kind).follow(after: .beginning)
                where entry["event"] == event && (step == nil || entry["step"] == step) {
                    return
                }
            }
        }
    }

    func log(ofTask id: Int, in kind: QueueKind) -> RedisStream {
        redis.stream(Keys.lesson.log(of: id, in: kind))
    }

    /// Shows the log of a task, one line per entry, and returns it.
    @discardableResult
    func showLog(ofTask id: Int, in kind: QueueKind) async throws -> [StreamEntry] {
        let log = log(ofTask: id, in: kind)
        let entries = try await narrator.untraced { try await log.entries() }
        let lines = entries.map { entry in
            let event = [entry["event"], entry["step"]].compactMap(\.self).joined(separator: " ")
            return "\(entry["worker"] ?? "?"), attempt \(entry["attempt"] ?? "?"): \(event)"
        }
        narrator.show(([log.key] + lines).joined(separator: "\n"))
        return entries
    }

    /// Kills a worker and says so, its log until then included.
    func kill(_ worker: WorkerProcess, at id: Int, in kind: QueueKind) async throws {
        try await showLog(ofTask: id, in: kind)
        worker.die()
        narrator.show("kill -9: \(worker.name), process \(worker.id), is dead")
    }
}

extension Collection<StreamEntry> {
    func contains(event: String) -> Bool { contains { $0["event"] == event } }
    func count(step: String) -> Int { count { $0["step"] == step } }
}

/// `once`, `twice`, `3 times`.
func times(_ count: Int) -> String {
    switch count {
    case 1: "once"
    case 2: "twice"
    default: "\(count) times"
    }
}

/// `task 3`, `tasks 3 and 4`, `tasks 1, 2 and 4`, `tasks 1 to 30`, or `nothing`.
func taskNames(_ ids: [Int]) -> String {
    guard let last = ids.last else { return "nothing" }
    if ids.count == 1 { return "task \(last)" }
    if ids.count > 2, ids == Array(ids[0]...max(ids[0], last)) { return "tasks \(ids[0]) to \(last)" }
    return "tasks \(ids.dropLast().map(String.init).joined(separator: ", ")) and \(last)"
}
