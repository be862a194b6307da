// Read what is new: a reader remembers the last ID it saw and asks for what comes after.
// Run:    ./lesson 1
// Expect: everything after 0, and then nothing, because nothing is new.

import LessonKit
import StreamKit

/// Returns the cursor of a reader that has read everything so far.
func readWhatIsNew(in log: RedisStream, _ narrator: Narrator) async throws -> StreamID {
    try await narrator.step("Read what is new")
    narrator.say("`XREAD` asks: what came after this ID? A reader that has seen nothing asks from 0.")
    let cursor = try await catchUp(with: log, after: .zero)

    narrator.say("It keeps the last ID, \(cursor), as its cursor and asks again. `(nil)` means: nothing new.")
    let next = try await catchUp(with: log, after: cursor)
    narrator.say(
        """
        The server keeps no list of readers: a reader that stored its cursor can go on after a crash. Lesson 5 rests \
        on that.
        """)
    return next
}

// snippet: cursor
/// Reads all there is after the cursor, and returns the cursor for the next time.
private func catchUp(with log: RedisStream, after cursor: StreamID) async throws -> StreamID {
    let entries = try await log.read(after: cursor)
    return entries.last?.id ?? cursor
}
// end snippet
