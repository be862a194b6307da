// Wait for what comes: a blocking read answers in the moment another client appends.
// Run:    swift run basics
// Expect: the viewer waits without polling; the agent's entry ends its wait.

import LessonKit
import StreamKit

func waitForWhatComes(in log: RedisStream, after cursor: StreamID, _ narrator: Narrator) async throws {
    try await narrator.step("Wait for what comes")
    narrator.say(
        """
        Asking over and over would be polling. With `BLOCK` the server answers when there is something. A viewer, \
        on a connection of its own, waits up to 5000 ms; the agent is busy for half a second, then logs.
        """)
    let viewer = narrator.delayedTrace(as: "viewer")
    let waited = try await ContinuousClock().measure {
        try await watchWhileTheAgentWorks(log, after: cursor, viewer.trace)
    }
    viewer.show()
    narrator.say(
        """
        The viewer asked first and was answered last: it waited \(Seconds(waited)), until the very append it was \
        waiting for.
        """)
}

private func watchWhileTheAgentWorks(
    _ log: RedisStream, after cursor: StreamID, _ trace: CommandTrace
) async throws {
    async let next = waitForOneEntry(in: log, after: cursor, trace)
    try await Task.sleep(for: .milliseconds(500))  // the agent at work
    try await log.append(["event": "task_completed", "task_id": "123"])
    _ = try await next
}

private func waitForOneEntry(
    in log: RedisStream, after cursor: StreamID, _ trace: CommandTrace
) async throws -> [StreamEntry] {
    var configuration = log.redis.configuration
    configuration.trace = trace
    return try await withRedis(configuration) { redis in
        try await redis.stream(log.key).read(after: cursor, wait: .atMost(.seconds(5)))
    }
}
