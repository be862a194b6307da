// Trimming: a log that only grows fills the memory, so every stream needs a limit.
// Run:    ./lesson 2 trimming
// Expect: 1000 entries become some 300, exactly 250, and then only those after a certain ID.

import LessonKit
import StreamKit

func showTrimming(_ options: LessonOptions) async throws {
    try await withLesson(options, keys: ["lesson2:log"]) { redis, narrator in
        narrator.title("Trimming: a log that does not grow forever")
        let log = redis.stream("lesson2:log")
        try await fill(log, narrator)
        try await trimNearly(log, narrator)
        try await trimExactly(log, narrator)
        try await trimByID(log, narrator)
        try await trimWhileAppending(log, narrator)
    }
}

private func fill(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("A thousand entries")
    narrator.say(
        """
        One `pipeline` sends a thousand `XADD`s at once. `XINFO STREAM` tells what a stream is made of: a radix tree \
        whose keys lead to nodes, each with up to 100 entries or 4 KB.
        """)
    try await narrator.untraced { try await appendThousand(to: log) }
    guard let info = try await log.info() else { return }
    let bytes = await narrator.untraced { try? await log.redis.send("MEMORY", "USAGE", log.key).integer }
    guard let bytes, info.length > 0 else { return }
    narrator.show("MEMORY USAGE says: \(bytes) bytes, about \(Int(bytes) / info.length) for each entry")
}

private func appendThousand(to log: RedisStream) async throws {
    let replies = try await log.redis.pipeline { batch in
        for number in 1...1000 {
            batch.add("XADD", log.key, "*", "event", "progress", "step", String(number))
        }
    }
    for reply in replies { _ = try reply.get() }
}

private func trimNearly(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("Nearly: MAXLEN ~")
    let limit = 250
    narrator.say(
        """
        The tilde lets Redis remove whole nodes only, which costs next to nothing. It never keeps fewer than \
        \(limit), and usually less than one node more. But one call removes 100 nodes at most, here 10,000 entries: \
        a stream that is far too long gets shorter call by call.
        """)
    _ = try await log.trim(.maximumLength(limit))
    try await report(on: log, narrator)
}

private func trimExactly(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("Exactly: MAXLEN =")
    let limit = 250
    narrator.say(
        """
        At most \(limit), then, and not one more. Where that cuts through a node, Redis walks through it and marks \
        entries as deleted. Their memory comes back only when the whole node goes, and on every append this walk \
        adds up.
        """)
    let removed = try await log.trim(.maximumLength(limit, exact: true))
    if removed == 0 { narrator.say("There were not more than \(limit), so nothing had to go.") }
    try await report(on: log, narrator)
}

private func trimByID(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("By age: MINID")
    narrator.say(
        """
        An ID begins with a time, so `MINID` is a limit by age: everything below the ID goes. Here it is the ID of \
        the tenth entry from the end; "older than an hour" would be the clock minus 3,600,000.
        """)
    guard let tenth = try await narrator.untraced({ try await log.entriesReversed(limit: 10).last }) else { return }
    _ = try await log.trim(.minimumID(tenth.id, exact: true))
    try await report(on: log, narrator)
}

private func trimWhileAppending(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("While appending")
    narrator.say("In real life nobody trims by hand: every append carries the limit, so the stream stays short.")
    try await appendWithLimit(to: log)
    try await report(on: log, narrator)
    narrator.say(
        "A group does not protect its pending entries from trimming: choose a limit for the slowest of your readers.")
}

// snippet: append-with-limit
private func appendWithLimit(to log: RedisStream) async throws {
    try await log.append(["event": "task_completed"], trim: .maximumLength(10_000))
}
// end snippet

/// Prints what XINFO STREAM says, in one line.
private func report(on log: RedisStream, _ narrator: Narrator) async throws {
    guard let info = try await narrator.untraced({ try await log.info() }) else { return }
    let first = info.firstEntry.map { "the first is \($0.id)" } ?? "none"
    narrator.show("XINFO says: \(info.length) entries, \(first); \(info.entriesAdded) were ever added")
}
