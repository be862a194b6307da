// Ranges: read any part of a log, from either end; reading removes nothing.
// Run:    ./lesson 1
// Expect: all three entries, then two from the middle on, then the newest.

import LessonKit
import StreamKit

func readRanges(of log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("Read a part of it")
    narrator.say("`XRANGE` reads from one ID to another. `-` is the smallest ID there can be and `+` the largest.")
    let all = try await log.entries()

    guard let first = all.first else { return }
    narrator.say("A page at a time: at most two entries after one you have. The `(` leaves that one out.")
    try await printPage(of: log, after: first.id, narrator)

    narrator.say("`XREVRANGE` walks backwards, so the newest entry costs one short read.")
    _ = try await log.entriesReversed(limit: 1)
}

// snippet: page
private func printPage(of log: RedisStream, after last: StreamID, _ narrator: Narrator) async throws {
    for entry in try await log.entries(from: .after(last), limit: 2) {
        narrator.show("\(entry.id) says \(entry["event"] ?? "nothing")")
    }
}
// end snippet
