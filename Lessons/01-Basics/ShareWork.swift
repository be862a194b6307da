// Share the work: a group gives each entry to one of its consumers, and remembers to whom.
// Run:    ./lesson 1
// Expect: ada and bob get different entries; an acknowledged entry is no longer pending.

import LessonKit
import StreamKit

func shareTheWork(of log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("Share the work")
    narrator.say(
        """
        So far every reader saw everything. A consumer group is one reader made of many: each new entry is given to \
        one consumer. This group starts at 0, so the entries that are already there are work, too.
        """)
    let group = log.group("reviewers")
    try await group.create(from: .beginning)

    narrator.say("`>` asks for entries that no consumer of the group was given yet.")
    try await readTwoEach(group)

    narrator.say("What a consumer was given is pending until it says that it is done: `XACK`.")
    let pending = try await group.pending()
    tellWhatWaits(pending, narrator)

    narrator.say("And the log itself? Nothing that was read or acknowledged has left it.")
    _ = try await log.length()
}

private func readTwoEach(_ group: ConsumerGroup) async throws {
    let ada = group.consumer("ada")
    let bob = group.consumer("bob")
    let hers = try await ada.read(limit: 2)
    _ = try await bob.read(limit: 2)
    _ = try await group.acknowledge(hers.map(\.id))
}

private func tellWhatWaits(_ pending: PendingSummary, _ narrator: Narrator) {
    guard let (name, count) = pending.perConsumer.first else { return narrator.say("Nothing is pending.") }
    let entries = count == 1 ? "One entry of \(name)'s is" : "\(count) entries of \(name)'s are"
    narrator.say("\(entries) still pending. Had \(name) crashed, another could take over: lesson 2 shows how.")
}
