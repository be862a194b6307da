// A queue forgets: what one worker pops is gone for everybody else.
// Run:    ./lesson 1
// Expect: one task goes in and out of a list, and the list is empty again.

import LessonKit
import StreamKit

func seeWhatAQueueForgets(_ redis: Redis, _ narrator: Narrator) async throws {
    try await narrator.step("The queue you have")
    narrator.say("A list makes a queue: the producer pushes on the left, a worker pops on the right.")
    let left = try await passOneTask(through: redis)
    narrator.say(
        """
        The worker has the task, and nobody else can see it any more. How far is it? The queue cannot tell: it \
        holds \(left == 0 ? "nothing" : "\(left) other tasks").
        """)
}

/// Returns how many tasks are left in the queue.
private func passOneTask(through redis: Redis) async throws -> Int {
    _ = try await redis.send("LPUSH", "lesson1:tasks", "summarize report.csv")
    _ = try await redis.send("RPOP", "lesson1:tasks")
    return Int(try await redis.send("LLEN", "lesson1:tasks").integer ?? 0)
}
