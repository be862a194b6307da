// Append: an entry is a few fields under an ID that the server hands out.
// Run:    ./lesson 1
// Expect: three new IDs, each larger than the one before, and a length of 3.

import LessonKit
import StreamKit

func appendToTheLog(_ log: RedisStream, _ narrator: Narrator) async throws {
    try await narrator.step("Append to a log")
    narrator.say(
        """
        Now the agent writes down what it does. `XADD` appends one entry: fields and values, in order. The first \
        `XADD` creates the stream. The star asks the server for an ID.
        """)
    try await logThreeEvents(in: log)
    narrator.say(
        """
        An ID is `milliseconds-sequence`: the time by the server's clock, and a number that tells apart the entries \
        of one millisecond. If that clock ever goes back, the server counts on from the last ID: IDs only grow, so \
        the order of the log is never in doubt.
        """)
}

// snippet: append
private func logThreeEvents(in log: RedisStream) async throws {
    try await log.append(["event": "task_started", "task_id": "123"])
    try await log.append(["event": "chain_of_thought", "thought": "The report is a CSV file."])
    try await log.append(["event": "tool_usage", "tool": "file_reader", "file": "report.csv"])
    _ = try await log.length()
}
// end snippet
