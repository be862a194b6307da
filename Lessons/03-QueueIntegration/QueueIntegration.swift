// A queue says what to do, a stream says what happens meanwhile: three queues, and how each bears a dead worker.
// Run:    swift run queue-integration            (the demo; `--help` lists what else there is)
// Expect: a task lost by a list, saved by a stream with a group, and then everything the library adds.

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

@main
struct QueueIntegration: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-integration",
        abstract: "Lesson 3: a task queue that survives its workers.",
        discussion: """
            Without a subcommand the demo plays on a private Redis. For three terminals of your own give each \
            `produce`, `work` and `status` the same --redis, or set REDIS_URL.
            """,
        subcommands: [Demo.self, Produce.self, Work.self, Status.self, Clear.self, Worker.self],
        defaultSubcommand: Demo.self)
}

/// Which of the lesson's three queues.
enum QueueKind: String, ExpressibleByArgument, CaseIterable {
    case list, stream, library
}

/// The keys of this lesson.
///
/// All begin alike, so that they meet nobody else's on a shared server.
enum Keys {
    static let counter = "lesson3:task_id_counter"
    static let list = "lesson3:task_queue"
    static let stream = "lesson3:task_stream"
    static let library = "lesson3:jobs"

    /// One log stream a task.
    ///
    /// The library's share a hash slot with the queue, as its fenced writes need on a cluster.
    static func log(of task: Int, in kind: QueueKind) -> String {
        kind == .library ? "{lesson3:jobs}:task_logs:\(task)" : "lesson3:task_logs:\(task)"
    }

    static func all(tasks: Int) -> [String] {
        let logs = tasks < 1 ? [] : (1...tasks).flatMap { [log(of: $0, in: .list), log(of: $0, in: .library)] }
        return [counter, list, stream] + TaskQueue<LessonTask>.allKeys(of: library) + logs
    }
}

extension LessonOptions {
    /// Several terminals need one Redis between them; a private one would end with the command.
    func requireSharedRedis() throws {
        guard redis == nil, try RedisConfiguration.fromEnvironment() == nil else { return }
        throw ValidationError(
            "this needs a Redis that the other terminals share: give --redis redis://localhost:6379, or set REDIS_URL")
    }
}
