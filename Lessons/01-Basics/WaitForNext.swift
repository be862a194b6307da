// Wait for the next entry: a blocking read is answered in the moment another client appends.
// Run:    ./lesson 1
// Expect: the viewer asks once and waits; the agent's entry ends its wait.

import LessonKit
import StreamKit

func waitForTheNextEntry(in log: RedisStream, after cursor: StreamID, _ narrator: Narrator) async throws {
    try await narrator.step("Wait for the next entry")
    narrator.say(
        """
        Asking over and over would be polling. With `BLOCK` the server answers when there is something, or when the \
        given milliseconds are over. A viewer asks, on its own connection; the agent is busy for half a second, then \
        logs.
        """)
    let viewer = narrator.delayedTrace(as: "viewer")
    let wait = Duration.seconds(5)
    let milliseconds = String(Int(wait / .milliseconds(1)))
    viewer.announce("XREAD", "BLOCK", milliseconds, "STREAMS", log.key, "\(cursor)")

    async let answer = nextEntry(in: log, after: cursor, waiting: wait, viewer.trace)
    try await Task.sleep(for: .milliseconds(500))  // the agent at work
    viewer.show()  // the viewer's answer, if it has one already
    try await log.append(["event": "task_completed", "task_id": "123"])
    let (entries, waited) = try await answer
    viewer.show()
    narrator.say(story(of: entries.map(\.id), after: waited))
}

// snippet: wait
private func nextEntry(
    in log: RedisStream, after cursor: StreamID, waiting limit: Duration, _ trace: CommandTrace
) async throws -> (entries: [StreamEntry], waited: Duration) {
    var configuration = log.redis.configuration
    configuration.observability.trace = trace
    return try await withRedis(configuration) { viewer in
        let start = ContinuousClock.now
        let entries = try await viewer.stream(log.key).read(after: cursor, wait: .atMost(limit))
        return (entries, .now - start)
    }
}
// end snippet

/// What happened, in words.
func story(of entries: [StreamID], after waited: Duration) -> String {
    guard let id = entries.first else {
        return """
            Nothing came within \(Seconds(waited)): `(nil)` is an answer, not an error. The cursor has not moved, so \
            the viewer's next `XREAD` gets what came meanwhile.
            """
    }
    return "The viewer asked once and waited \(Seconds(waited)), until entry \(id) answered it."
}
