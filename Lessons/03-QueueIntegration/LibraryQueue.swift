// The library's queue: what the forty lines of StreamQueue.swift grow into once they have met production.
// Run:    ./lesson 3
// Expect: leases that are renewed, writes that are fenced, retries that end, and dead letters.

import StreamKit

// snippet: library
struct LibraryQueue {
    let tasks: TaskQueue<LessonTask>

    init(redis: Redis, onEvent: (@Sendable (TaskQueueEvent) -> Void)? = nil) {
        var options = TaskQueueOptions()
        options.lease = .seconds(2)
        options.sweepInterval = .milliseconds(250)
        options.maximumAttempts = 3
        options.backoff = RetryBackoff(initial: .milliseconds(200), maximum: .seconds(1))
        options.shutdownGrace = .seconds(1)
        options.onEvent = onEvent
        tasks = TaskQueue(redis: redis, key: Keys.library, group: "workers", options: options)
    }

    func work(as worker: LessonWorker) async throws {
        try await tasks.work(as: worker.name) { task in
            let log = Keys.lesson.log(of: task.payload.id, in: .library)
            try await perform(task.payload, by: worker, attempt: task.attempt) { fields in
                // Checked and written in one step: a worker that lost the task writes nothing more.
                _ = try await task.sendIfHeld(["XADD", log, "*"] + fields.flatMap { [$0, $1] }, key: log)
            }
        }
    }
}
// end snippet
