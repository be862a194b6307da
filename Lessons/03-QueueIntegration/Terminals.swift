// The lesson in three terminals: one produces, others work, one watches. Kill what you like.
// Run:    swift run queue-integration work --redis redis://localhost:6379
// Expect: tasks that are finished whatever happens to single workers (but see what --queue list does).

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// `produce`: puts tasks into a queue.
struct Produce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put tasks into a queue.")
    @OptionGroup var options: LessonOptions
    @Option(help: "Which queue: list, stream or library.") var queue: QueueKind = .library
    @Option(help: "How many tasks.") var count = 2

    func validate() throws {
        try options.requireSharedRedis()
        guard count > 0 else { throw ValidationError("--count must be 1 or more") }
    }

    func run() async throws {
        try await withLesson(options) { redis, _ in
            for number in 0..<count {
                let id = try await redis.send("INCR", Keys.counter).integer ?? 0
                try await enqueue(number.isMultiple(of: 2) ? .processData(id: id) : .sendEmail(id: id), redis)
            }
        }
    }

    private func enqueue(_ task: LessonTask, _ redis: Redis) async throws {
        switch queue {
        case .list: try await ListQueue(redis: redis).enqueue(task)
        case .stream: try await StreamQueue(redis: redis).enqueue(task)
        case .library: try await LibraryQueue(redis: redis).tasks.enqueue(task)
        }
    }
}

/// `work`: a worker that runs until Ctrl-C, showing its commands.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Work on tasks until Ctrl-C.")
    @OptionGroup var options: LessonOptions
    @Option(help: "Which queue: list, stream or library.") var queue: QueueKind = .library
    @Option(help: "The worker's name.") var name = "worker-\(getpid())"
    @Option(help: "Seconds that each step of a task takes.") var pace = 2.0

    func validate() throws {
        try options.requireSharedRedis()
        guard (0...3600).contains(pace) else { throw ValidationError("--pace must be 0 to 3600 seconds") }
    }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            narrator.say("\(name) works on the \(queue.rawValue) queue. Ctrl-C ends it, `kill -9 \(getpid())` kills.")
            try await queue.work(redis, as: name, pace: .seconds(pace))
        }
    }
}

extension QueueKind {
    func work(_ redis: Redis, as worker: String, pace: Duration) async throws {
        switch self {
        case .list: try await ListQueue(redis: redis).work(as: worker, pace: pace)
        case .stream: try await StreamQueue(redis: redis).work(as: worker, pace: pace)
        case .library: try await LibraryQueue(redis: redis).work(as: worker, pace: pace)
        }
    }
}

/// `clear`: removes what the other commands left.
struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove this lesson's keys.")
    @OptionGroup var options: LessonOptions

    func validate() throws { try options.requireSharedRedis() }

    func run() async throws {
        try await withLesson(options) { redis, _ in
            let tasks = try await redis.send("GET", Keys.counter).text.flatMap { Int($0) } ?? 0
            _ = try await redis.send(["DEL"] + Keys.all(tasks: tasks))
        }
    }
}
