// Acts one and two of the demo: the list that loses a task, and the stream that keeps it.
// Run:    swift run queue-integration
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
        let first = try await newTaskID()
        try await queue.enqueue(.processData(id: first))
        let second = try await newTaskID()
        try await queue.enqueue(.sendEmail(id: second))

        try await narrator.step("A worker takes the first one, and is killed in the middle")
        try await withWorker(.list, "worker-1", pace: tooSlow, redisURL: redisURL) { worker in
            try await wait(forTask: first, in: .list, toLog: "processing", step: "step1")
            worker.die()
        }
        narrator.show("worker-1 is dead (SIGKILL)")
        _ = try await redis.send("LRANGE", Keys.list, "0", "-1")
        narrator.say("The list holds task \(second) only. `BRPOP` gave task \(first) away, and its holder is dead.")

        try await narrator.step("Another worker does what is left")
        try await withWorker(.list, "worker-2", redisURL: redisURL) { _ in
            try await wait(forTask: second, in: .list, toLog: "completed")
        }
        _ = try await redis.send("LLEN", Keys.list)
        try await showLog(ofTask: second, in: .list)
        try await showLog(ofTask: first, in: .list)
        narrator.say("The queue is empty and task \(first) never ended. Nobody will ever do it, and nothing says so.")
    }

    func streamKeepsTask() async throws {
        narrator.title("Act two: a stream with a group, by hand")
        let queue = StreamQueue(redis: redis)
        try await narrator.step("A task goes into a stream")
        _ = try await queue.group.create(from: .beginning)
        let id = try await newTaskID()
        try await queue.enqueue(.processData(id: id))

        try await narrator.step("A worker takes it, and is killed in the middle")
        try await withWorker(.stream, "worker-1", pace: tooSlow, redisURL: redisURL) { worker in
            try await wait(forTask: id, in: .stream, toLog: "processing", step: "step1")
            worker.die()
        }
        narrator.show("worker-1 is dead (SIGKILL)")
        _ = try await queue.group.pending()
        narrator.say("The task is still in the stream, and the group knows who had it: it is *pending* for worker-1.")

        try await narrator.step("Another worker claims it")
        try await withWorker(.stream, "worker-2", redisURL: redisURL) { _ in
            try await waitUntilEmpty(queue.stream)
        }
        try await showLog(ofTask: id, in: .stream)
        _ = try await queue.stream.length()
        narrator.say(
            """
            Both attempts are in the log. `step1` was done twice: that is *at least once*, \
            and why a task's steps must bear being repeated.
            """)
    }

    /// The task leaves the stream when its worker has logged the end and acknowledged it.
    private func waitUntilEmpty(_ stream: RedisStream) async throws {
        try await narrator.untraced {
            while try await stream.length() > 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
    }
}
