// Groups: the consumers of a group share the entries, and inherit what a dead one held.
// Run:    ./lesson 2 groups
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
        `MKSTREAM` creates the stream along with the group. A group created from 0 also gets what is in the stream \
        already; one created from `$` sees only what comes later. Creating it twice is an expected answer, not a \
        failure: `BUSYGROUP` means that it is there.
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
        "Each new task is given to one consumer. Ada acknowledges what she gets: `XACK`. Bob dies with what he gets.")
    let hers = try await group.consumer("ada").read(limit: 2)
    let his = try await group.consumer("bob").read(limit: 2)
    if !hers.isEmpty { _ = try await group.acknowledge(hers.map(\.id)) }
    narrator.show("ada got \(names(hers)); bob got \(names(his))")
    return his
}

private func names(_ tasks: [StreamEntry]) -> String {
    tasks.isEmpty ? "nothing" : tasks.compactMap { $0["task"] }.joined(separator: " and ")
}

private func findWhatTheDeadHeld(_ group: ConsumerGroup, _ narrator: Narrator) async throws {
    try await narrator.step("What did bob hold?")
    narrator.say("A list that was popped would have forgotten bob's tasks with bob. The group keeps a pending list:")
    let pending = try await group.pending()
    guard pending.count > 0 else { return narrator.say("It is empty: bob held nothing.") }
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
        Ada claims what has been idle for too long. How long is too long? Longer than the longest task, or she robs \
        the living: usually minutes.
        """)
    if let entry {
        narrator.say("To make it harder, one of bob's tasks is deleted from the stream first.")
        _ = try await group.stream.delete([entry.id])
    }
    try await Task.sleep(for: .milliseconds(150))  // bob's tasks get older
    let claim = try await claimAbandonedTasks(group, for: "ada")
    let next = claim.next == .zero ? "`0-0`: that was all" : "there is more"
    narrator.say(
        """
        The reply has three parts: where to go on (\(next)), the claimed tasks, and the IDs that were pending but \
        are deleted, which Redis takes off the pending list.
        """)
    narrator.show(outcome(of: claim))
}

private func outcome(of claim: Claim) -> String {
    guard claim.entries.count + claim.deleted.count > 0 else {
        return "ada got nothing: nothing had been pending for long enough"
    }
    return "ada finished \(claim.entries.count) of bob's tasks; \(claim.deleted.count) had been deleted"
}

// snippet: claim
private func claimAbandonedTasks(_ group: ConsumerGroup, for name: String) async throws -> Claim {
    let claim = try await group.consumer(name).claim(idleFor: .milliseconds(100))
    for task in claim.entries {
        // …do the task again: doing it twice must do no harm…
        _ = try await group.acknowledge([task.id])
    }
    return claim
}
// end snippet

private func tidyUp(_ group: ConsumerGroup, _ narrator: Narrator) async throws {
    try await narrator.step("Tidy up")
    narrator.say(
        """
        A consumer stays known to its group until it is deleted, and deleting one forgets what it still held. So \
        look at its pending list first.
        """)
    let pending = try await group.pending()
    if let bobs = pending.perConsumer.first(where: { $0.name == "bob" }) {
        let entries = bobs.count == 1 ? "one pending entry" : "\(bobs.count) pending entries"
        return narrator.say("Bob still has \(entries), so he is not deleted: the group would forget what he had.")
    }
    narrator.say("Bob holds nothing, so nothing is lost with him.")
    _ = try await group.removeConsumer("bob")
}
