// The demo in three acts: a list loses a task, a stream saves it, and the library is ready for the rest.
// Run:    swift run queue-integration
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
        try await withLesson(options, keys: Keys.all(tasks: 6)) { redis, narrator in
            narrator.title("Lesson 3: The task queue")
            narrator.say(
                """
                The agent at work takes its tasks from a queue. The queue says what to do; \
                a log stream for each task says what is happening while it is done.
                """)
            let stage = Stage(redis: redis, narrator: narrator, redisURL: try workersURL(redis.configuration))
            try await stage.listLosesTask()
            try await stage.streamKeepsTask()
            try await stage.libraryAct()
            narrator.say("Next: `./lesson 4`, where the worker becomes an agent that logs its thoughts.")
        }
    }

    /// The Redis of this demo, as the worker processes are told it.
    private func workersURL(_ configuration: RedisConfiguration) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let named = options.redis ?? environment["REDIS_URL"] ?? environment["REDIS_CONNECTION_STRING"] {
            return named
        }
        guard case .unix(let path) = configuration.endpoint else { return "\(configuration)" }
        return "unix://\(path)"
    }
}

/// What every act of the demo needs.
struct Stage {
    let redis: Redis
    let narrator: Narrator
    let redisURL: String

    func newTaskID() async throws -> Int {
        try await redis.send("INCR", Keys.counter).integer ?? 0
    }

    /// Waits until a task's log has the event, so that the kill comes in the middle and not before or after.
    func wait(forTask id: Int, in kind: QueueKind, toLog event: String, step: String? = nil) async throws {
        try await narrator.untraced {
            for try await entry in redis.stream(Keys.log(of: id, in: kind)).follow(after: .beginning)
            where entry["event"] == event && (step == nil || entry["step"] == step) {
                return
            }
        }
    }

    /// The log of a task, a line an entry.
    func showLog(ofTask id: Int, in kind: QueueKind) async throws {
        let key = Keys.log(of: id, in: kind)
        let entries = try await narrator.untraced { try await redis.stream(key).entries() }
        let lines = entries.map { entry in
            let event = [entry["event"], entry["step"]].compactMap(\.self).joined(separator: " ")
            return "\(entry["worker"] ?? "?"), attempt \(entry["attempt"] ?? "?"): \(event)"
        }
        narrator.show(([key] + lines).joined(separator: "\n"))
    }
}
