// Groups: the consumers of a group share the entries, and inherit what a dead one held.
// Run:    swift run setup groups
// Expect: ada and bob get different tasks; bob dies with two; ada claims and finishes them.

import LessonKit
import StreamKit

func showGroups(_ options: LessonOptions) async throws {
    try await withLesson(options, keys: ["lesson2:tasks"]) { redis, narrator in
        narrator.title("Groups: sharing work, surviving a crash")
        let tasks = redis.stream("lesson2:tasks")
        let group = tasks.group("workers")
        try await fill(tasks, group, narrator)
        let bobsTasks = try await share(group, narrator)
        try await findWhatTheDeadHeld(group, narrator)
        try await comeBack(as: group.consumer("bob"), narrator)
        try await takeOver(group, deleting: bobsTasks.last, narrator)
        try await tidyUp(group, narrator)
    }
}

private func fill(_ tasks: RedisStream, _ group: ConsumerGroup, _ narrator: Narrator) async throws {
    try await narrator.step("A group and five tasks")
    narrator.say(
        """
        `MKSTREAM` makes the stream along with the group. The group starts at 0, so it also gets what is in the \
        stream before; a group made with `$` sees only what comes later. Making a group twice is an expected \
        answer, not a failure: `BUSYGROUP` means that it is there.
        """)
    try await group.create(from: .beginning)
    try await group.create(from: .beginning)
    for number in 1...5 {
        try await tasks.append(["task": "task-\(number)"])
    }
}

private func share(_ group: ConsumerGroup, _ narrator: Narrator) async throws -> [StreamEntry] {
    try await narrator.step("Two consumers, one of them doomed")
    narrator.say(
        "Each task goes to one consumer. Ada finishes hers: `XACK`. Bob takes two and is never heard of again.")
    let hers = try await group.consumer("ada").read(limit: 2)
    let his = try await group.consumer("bob").read(limit: 2)
    _ = try await group.acknowledge(hers.map(\.id))
    return his
}

private func findWhatTheDeadHeld(_ group: ConsumerGroup, _ narrator: Narrator) async throws {
    try await narrator.step("What did bob hold?")
    narrator.say("A list would have forgotten bob's tasks with bob. The group has them on its pending list:")
    _ = try await group.pending()
    narrator.say(
        "In detail, each with its consumer, the milliseconds since it was delivered, and how often it was delivered:")
    _ = try await group.pendingEntries(limit: 10)
}

private func comeBack(as consumer: GroupConsumer, _ narrator: Narrator) async throws {
    try await narrator.step("If bob comes back")
    narrator.say(
        """
        A worker that restarts under its old name reads with an ID instead of `>`: its own pending tasks come \
        again, oldest first. That is the first thing a worker does.
        """)
    _ = try await consumer.ownPending()
}

private func takeOver(
    _ group: ConsumerGroup, deleting entry: StreamEntry?, _ narrator: Narrator
) async throws {
    try await narrator.step("If bob never comes back")
    narrator.say(
        """
        Ada claims what has been idle too long. How long is too long? Longer than the longest task, or the living \
        are robbed: minutes, usually. Here it is 100 ms. To make it harder, one of the tasks is deleted first.
        """)
    if let entry { _ = try await group.stream.delete([entry.id]) }
    try await Task.sleep(for: .milliseconds(150))  // until bob's tasks are idle enough
    let claim = try await claimAbandonedTasks(group, for: "ada")
    narrator.say(
        """
        The reply has three parts: where to go on (`0-0`: that was all), the claimed tasks, and the IDs that were \
        pending but are deleted. Redis took those off the pending list.
        """)
    narrator.show("ada finished \(claim.entries.count) of bob's tasks; \(claim.deleted.count) was deleted meanwhile")
}

// snippet: claim
private func claimAbandonedTasks(_ group: ConsumerGroup, for name: String) async throws -> Claim {
    let claim = try await group.consumer(name).claim(idleFor: .milliseconds(100))
    for task in claim.entries {
        // …do the task again: it must bear being done twice…
        _ = try await group.acknowledge([task.id])
    }
    return claim
}
// end snippet

private func tidyUp(_ group: ConsumerGroup, _ narrator: Narrator) async throws {
    try await narrator.step("Tidy up")
    narrator.say(
        """
        Nothing is pending now. A consumer stays known to its group until it is deleted, and deleting one forgets \
        what it still held: make sure that its pending count, which is the reply, is 0.
        """)
    _ = try await group.pending()
    _ = try await group.removeConsumer("bob")
}
