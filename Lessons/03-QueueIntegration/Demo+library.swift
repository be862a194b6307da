// Act three of the demo: what the library's queue does that fifty lines do not.
// Run:    ./lesson 3
// Expect: a long task that runs once, a worker that wakes up too late, and a task that cannot succeed.

import Foundation
import LessonKit
import StreamKit

extension Stage {
    func libraryAct() async throws {
        narrator.title("Act three: the library's TaskQueue")
        let queue = LibraryQueue(redis: redis).tasks
        try await longTaskRunsOnce(queue)
        try await pausedWorkerIsRefused(queue)
        try await brokenTaskIsGivenUp(queue)
    }

    private func longTaskRunsOnce(_ queue: TaskQueue<LessonTask>) async throws {
        try await narrator.step("A task longer than its lease")
        narrator.say(
            """
            A task's lease here is 2 seconds, and this task takes 3. Two workers run. \
            By hand the second would claim it after 0.8 seconds; here the first one renews its lease.
            """)
        let id = try await redis.newTaskID()
        try await queue.enqueue(.processData(id: id))
        let pace = Duration.milliseconds(1500)
        try await withWorker(.library, "worker-1", pace: pace, environment: environment) { _ in
            try await wait(forTask: id, in: .library, toLog: "started")
            try await withWorker(.library, "worker-2", pace: pace, environment: environment) { _ in
                try await waitFor(queue, \.isDone)
            }
        }
        let log = try await showLog(ofTask: id, in: .library)
        let workers = Set(log.compactMap { $0["worker"] }).sorted()
        let count = times(log.count(step: "step1"))
        narrator.say("The log names \(workers.joined(separator: " and ")), and `step1` was begun \(count).")
    }

    private func pausedWorkerIsRefused(_ queue: TaskQueue<LessonTask>) async throws {
        try await narrator.step("A worker that wakes up too late")
        let id = try await redis.newTaskID()
        try await queue.enqueue(.sendEmail(id: id))
        // A step takes long enough for the signal to come within it, and is over when the worker goes on.
        try await withWorker(.library, "worker-1", pace: .seconds(2), environment: environment) { paused in
            try await wait(forTask: id, in: .library, toLog: "processing", step: "step1")
            paused.signal(SIGSTOP)
            narrator.show("worker-1 is paused (SIGSTOP): it is not dead, and does not know what it misses")
            try await withWorker(.library, "worker-2", environment: environment) { _ in
                try await waitFor(queue, \.isDone)
                paused.signal(SIGCONT)
                narrator.show("worker-2 is done; worker-1 goes on (SIGCONT)")
                // Long enough for the step and the end that worker-1 still has in mind.
                try await Task.sleep(for: .seconds(1))
            }
        }
        let log = try await showLog(ofTask: id, in: .library)
        let takenOver = log.firstIndex { $0["worker"] == "worker-2" } ?? log.endIndex
        let late = log[takenOver...].filter { $0["worker"] == "worker-1" }
        narrator.say(
            late.isEmpty
                ? """
                worker-1 still wanted to write `step2` and `completed`. Nothing of it is in the log: every write is \
                made on behalf of one attempt, and the script that writes checks first whether that attempt still \
                holds the task. The worker that took the task over has a higher number, its *fencing token*.
                """
                : "worker-1 wrote \(late.count) entries too late, which must not happen.")
    }

    private func brokenTaskIsGivenUp(_ queue: TaskQueue<LessonTask>) async throws {
        try await narrator.step("A task that cannot succeed")
        let id = try await redis.newTaskID()
        try await queue.enqueue(.broken(id: id))
        try await withWorker(.library, "worker-1", environment: environment) { _ in
            try await waitFor(queue) { $0.dead > 0 }
        }
        try await showLog(ofTask: id, in: .library)
        for letter in try await narrator.untraced({ try await queue.deadLetters() }) {
            narrator.show("dead letter: \(letter.attempts) attempts, \(letter.reason.rawValue): \(letter.lastError)")
            narrator.say(
                """
                \(letter.attempts) attempts, with a longer wait before each further one; then the dead letters, \
                from where `TaskQueue.requeue` brings it back.
                """)
        }
        let status = try await narrator.untraced { try await queue.status() }
        narrator.show(status.lines.joined(separator: "\n"))
    }

    /// Waits until the queue's status is as it should be.
    private func waitFor(
        _ queue: TaskQueue<LessonTask>, _ isReached: @escaping @Sendable (TaskQueueStatus) -> Bool
    ) async throws {
        try await withTimeLimit(waitingFor: "the end of a task") {
            try await narrator.untraced {
                while try await !isReached(queue.status()) { try await Task.sleep(for: .milliseconds(50)) }
            }
        }
    }
}

extension TaskQueueStatus {
    /// Whether every task came to its end, whatever that was and however many attempts it took.
    fileprivate var isDone: Bool { waiting + delayed + running == 0 }
}
