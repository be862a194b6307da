// The lesson in terminals of your own: one produces, others work, one watches. Kill what you like.
// Run:    ./lesson 3 work --redis redis://localhost:6379
// Expect: tasks that are finished whatever happens to single workers (but see what --queue list does).

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// `produce`: puts tasks into a queue.
struct Produce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put tasks into a queue.")
    @OptionGroup var options: LessonOptions
    @OptionGroup var place: QueueOptions
    @Option(help: "How many tasks.") var count = 2
    @Option(help: "Which go first: high, normal or low (library only).") var priority: QueuePriority = .normal
    @Option(help: "Seconds before a worker gets them (library only).") var delay = 0.0
    @Flag(help: "Tasks that cannot succeed.") var broken = false

    func validate() throws {
        try options.requireSharedRedis()
        guard (1...100_000).contains(count) else { throw ValidationError("--count must be 1 to 100000") }
        guard (0...86_400).contains(delay) else { throw ValidationError("--delay must be 0 to 86400 seconds") }
        guard place.queue == .library || (priority == .normal && delay == 0) else {
            throw ValidationError("only --queue library knows --priority and --delay")
        }
    }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            var ids: [Int] = []
            for number in 0..<count {
                let id = try await narrator.untraced { try await redis.newTaskID(place.keys) }
                // The first one's command shows how; the others look the same, and scripts show nothing.
                if number == 0, priority == .normal, delay == 0 {
                    try await enqueue(task(number, id: id), redis)
                } else {
                    try await narrator.untraced { try await enqueue(task(number, id: id), redis) }
                }
                ids.append(id)
            }
            narrator.show("In the \(place.queue.rawValue) queue now: \(taskNames(ids))")
        }
    }

    private func task(_ number: Int, id: Int) -> LessonTask {
        if broken { return .broken(id: id) }
        return number.isMultiple(of: 2) ? .processData(id: id) : .sendEmail(id: id)
    }

    private func enqueue(_ task: LessonTask, _ redis: Redis) async throws {
        switch place.queue {
        case .list: try await ListQueue(redis: redis, keys: place.keys).enqueue(task)
        case .stream: try await StreamQueue(redis: redis).enqueue(task)
        case .library:
            let tasks = LibraryQueue(redis: redis).tasks
            try await tasks.enqueue(task, priority: priority, after: delay > 0 ? .seconds(delay) : nil)
        }
    }
}

/// Which queue, and what its keys are called.
struct QueueOptions: ParsableArguments {
    @Option(help: "Which queue: list, stream or library.") var queue: QueueKind = .library
    @Option(
        help: ArgumentHelp(
            "What the keys of --queue list begin with.",
            discussion: "With '' the Python tutorial's producer and consumer can join in. `clear` leaves those keys."))
    var prefix = Keys.lesson.prefix

    var keys: Keys { Keys(prefix: prefix) }

    func validate() throws {
        guard queue == .list || prefix == Keys.lesson.prefix else {
            throw ValidationError("only --queue list knows --prefix")
        }
    }
}

extension QueuePriority: ExpressibleByArgument {}

/// `work`: a worker that runs until Ctrl-C.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Work on tasks until Ctrl-C.")
    @OptionGroup var options: LessonOptions
    @OptionGroup var place: QueueOptions
    @Option(help: "The worker's name.") var name = "worker-\(getpid())"
    @Option(help: "Seconds that each step of a task takes.") var pace = 2.0

    func validate() throws {
        try options.requireSharedRedis()
        guard (0...3600).contains(pace) else { throw ValidationError("--pace must be 0 to 3600 seconds") }
        guard !name.isEmpty else { throw ValidationError("--name must not be empty") }
    }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            narrator.show("\(name), process \(getpid()), works on the \(place.queue.rawValue) queue. Ctrl-C ends it.")
            narrator.show("To kill it from another terminal:\nkill -9 \(getpid())")
            let worker = LessonWorker(name: name, pace: .seconds(pace)) { narrator.show($0) }
            // Its commands would hide what it does: it asks for work all the time.
            try await narrator.untraced { try await place.queue.work(redis, as: worker, keys: place.keys) }
        }
    }
}

extension QueueKind {
    func work(_ redis: Redis, as worker: LessonWorker, keys: Keys = .lesson) async throws {
        switch self {
        case .list: try await ListQueue(redis: redis, keys: keys).work(as: worker)
        case .stream: try await StreamQueue(redis: redis).work(as: worker)
        case .library:
            // What it takes, finishes, loses and hands back.
            try await LibraryQueue(redis: redis) { worker.says("\($0)") }.work(as: worker)
        }
    }
}

/// `clear`: removes what the other commands left.
struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove this lesson's keys.")
    @OptionGroup var options: LessonOptions

    func validate() throws { try options.requireSharedRedis() }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            let count = try await narrator.untraced { try await removeKeys(redis) }
            narrator.show("\(count) keys removed")
        }
    }

    private func removeKeys(_ redis: Redis) async throws -> Int {
        let tasks = try await redis.send("GET", Keys.lesson.counter).text.flatMap { Int($0) } ?? 0
        // One command per key, because in a cluster they are in several places.
        let replies = try await redis.pipeline { pipeline in
            for key in Keys.lesson.all(tasks: tasks) { pipeline.add("DEL", key) }
        }
        return try replies.reduce(0) { try $0 + ($1.get().integer ?? 0) }
    }
}
