// Acts one and two of the demo: the list that loses a task, and the stream that keeps it.
// Run:    ./lesson 3
// Expect: the same kill twice, with two different ends.

import LessonKit
import StreamKit

/// The pace of a worker that is killed in a step, however late the signal comes.
private let tooSlow = Duration.seconds(60)

extension Stage {
    func listLosesTask() async throws {
        narrator.title("Act one: a list")
        let queue = ListQueue(redis: redis)
        try await narrator.step("Two tasks go into a list")
        let first = try await redis.newTaskID()
        try await queue.enqueue(.processData(id: first))
        let second = try await redis.newTaskID()
        try await queue.enqueue(.sendEmail(id: second))

        try await narrator.step("A worker takes the first one, and is killed in the middle")
        try await withWorker(.list, "worker-1", pace: tooSlow, environment: environment) { worker in
            try await wait(forTask: first, in: .list, toLog: "processing", step: "step1")
            try await kill(worker, at: first, in: .list)
        }
        let list = try await redis.send("LRANGE", queue.keys.list, "0", "-1")
        let left = try (list.elements ?? []).compactMap(\.text).map { try LessonTask(json: $0).id }
        narrator.say(
            left.contains(first)
                ? "The list holds \(taskNames(left)): the worker died before `BRPOP` gave it task \(first)."
                : "The list holds \(taskNames(left)). `BRPOP` gave task \(first) away, and its holder is dead.")

        try await narrator.step("Another worker does what is left")
        try await withWorker(.list, "worker-2", environment: environment) { _ in
            for id in left { try await wait(forTask: id, in: .list, toLog: "completed") }
        }
        let length = try await redis.send("LLEN", queue.keys.list).integer ?? 0
        try await showLog(ofTask: second, in: .list)
        let log = try await showLog(ofTask: first, in: .list)
        narrator.say(
            log.contains(event: "completed")
                ? "Task \(first) was done after all."
                : """
                The list \(length == 0 ? "is empty" : "still holds \(length)"), and task \(first) never ended. Nobody will ever do it, and nothing \
                says so.
                """)
    }

    func streamKeepsTask() async throws {
        narrator.title("Act two: a stream with a group, by hand")
        let queue = StreamQueue(redis: redis)
        try await narrator.step("A task goes into a stream")
        _ = try await queue.group.create(from: .beginning)
        let id = try await redis.newTaskID()
        try await queue.enqueue(.processData(id: id))

        try await narrator.step("A worker takes it, and is killed in the middle")
        try await withWorker(.stream, "worker-1", pace: tooSlow, environment: environment) { worker in
            try await wait(forTask: id, in: .stream, toLog: "processing", step: "step1")
            try await kill(worker, at: id, in: .stream)
        }
        let holders = try await queue.group.pending().perConsumer.map(\.name)
        narrator.say(
            holders.isEmpty
                ? "Nothing is pending: the worker had acknowledged the task before it died."
                : """
                The task is still in the stream, and the group knows who had it: it is *pending* for \
                \(holders.joined(separator: " and ")).
                """)

        try await narrator.step("Another worker claims it")
        try await withWorker(.stream, "worker-2", environment: environment) { _ in
            try await waitUntilEmpty(queue.stream)
        }
        let log = try await showLog(ofTask: id, in: .stream)
        _ = try await queue.stream.length()
        let attempts = Set(log.compactMap { $0["attempt"] }).count
        narrator.say(
            """
            The log shows \(attempts) attempts, and `step1` was begun \(times(log.count(step: "step1"))): that is \
            *at least once*, and why a task's steps must bear being repeated.
            """)
    }

    /// The task leaves the stream when its worker has logged the end and acknowledged it.
    private func waitUntilEmpty(_ stream: RedisStream) async throws {
        try await withTimeLimit(waitingFor: "the end of the task in \(stream.key)") {
            try await narrator.untraced {
                while try await stream.length() > 0 { try await Task.sleep(for: .milliseconds(20)) }
            }
        }
    }
}
