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
    @Option(help: "Which go first: high, normal or low (library only).") var priority: QueuePriority = .normal
    @Option(help: "Seconds before a worker gets them (library only).") var delay = 0.0
    @Flag(help: "Tasks that cannot succeed.") var broken = false

    func validate() throws {
        try options.requireSharedRedis()
        guard (1...100_000).contains(count) else { throw ValidationError("--count must be 1 to 100000") }
        guard (0...86_400).contains(delay) else { throw ValidationError("--delay must be 0 to 86400 seconds") }
        guard queue == .library || (priority == .normal && delay == 0) else {
            throw ValidationError("only --queue library knows --priority and --delay")
        }
    }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            for number in 0..<count {
                let id = try await narrator.untraced { try await redis.send("INCR", Keys.counter).integer ?? 0 }
                try await enqueue(task(number, id: id), redis)
            }
        }
    }

    private func task(_ number: Int, id: Int) -> LessonTask {
        if broken { return .broken(id: id) }
        return number.isMultiple(of: 2) ? .processData(id: id) : .sendEmail(id: id)
    }

    private func enqueue(_ task: LessonTask, _ redis: Redis) async throws {
        switch queue {
        case .list: try await ListQueue(redis: redis).enqueue(task)
        case .stream: try await StreamQueue(redis: redis).enqueue(task)
        case .library:
            let tasks = LibraryQueue(redis: redis).tasks
            try await tasks.enqueue(task, priority: priority, after: delay > 0 ? .seconds(delay) : nil)
        }
    }
}

extension QueuePriority: ExpressibleByArgument {}

/// `work`: a worker that runs until Ctrl-C.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Work on tasks until Ctrl-C.")
    @OptionGroup var options: LessonOptions
    @Option(help: "Which queue: list, stream or library.") var queue: QueueKind = .library
    @Option(help: "The worker's name.") var name = "worker-\(getpid())"
    @Option(help: "Seconds that each step of a task takes.") var pace = 2.0

    func validate() throws {
        try options.requireSharedRedis()
        guard (0...3600).contains(pace) else { throw ValidationError("--pace must be 0 to 3600 seconds") }
        guard !name.isEmpty else { throw ValidationError("--name must not be empty") }
    }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            narrator.say("\(name) works on the \(queue.rawValue) queue. Ctrl-C ends it, `kill -9 \(getpid())` kills.")
            // Its commands would hide what it does: it asks for work all the time.
            try await narrator.untraced {
                try await queue.work(redis, as: name, pace: .seconds(pace)) { narrator.show($0) }
            }
        }
    }
}

extension QueueKind {
    func work(
        _ redis: Redis, as worker: String, pace: Duration, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        try await Reporting.$report.withValue(report) {
            switch self {
            case .list: try await ListQueue(redis: redis).work(as: worker, pace: pace)
            case .stream: try await StreamQueue(redis: redis).work(as: worker, pace: pace)
            case .library: try await LibraryQueue(redis: redis).work(as: worker, pace: pace)
            }
        }
    }
}

/// Where a worker in a terminal says what it does.
enum Reporting {
    @TaskLocal static var report: @Sendable (String) -> Void = { _ in }
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
