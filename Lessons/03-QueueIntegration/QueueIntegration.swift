// A queue says what to do, a stream says what happens meanwhile: three queues, and what each does about a dead worker.
// Run:    ./lesson 3            (the demo; `--help` lists what else there is)
// Expect: a task lost by a list, saved by a stream with a group, and then everything the library adds.

import ArgumentParser
import LessonKit
import StreamKit

@main
struct QueueIntegration: LessonProgram {
    static let configuration = CommandConfiguration(
        commandName: LessonCommand.name(of: 3),
        abstract: "Lesson 3: a task queue that survives its workers.",
        discussion: """
            Without a subcommand the demo plays on a private Redis. For terminals of your own give each \
            `produce`, `work` and `status` the same --redis, or set REDIS_URL.
            """,
        subcommands: [Demo.self, Produce.self, Work.self, Status.self, Clear.self, WorkerProgram.self],
        defaultSubcommand: Demo.self)
}

extension QueueKind: ExpressibleByArgument {}

extension LessonOptions {
    /// Several terminals need one Redis between them; a private one would end with the command.
    func requireSharedRedis() throws {
        guard redis == nil, try RedisConfiguration.fromEnvironment() == nil else { return }
        throw ValidationError(
            "this needs a Redis that the other terminals share: give --redis redis://localhost:6379, or set REDIS_URL")
    }
}
