import AgentRuns
import StreamKit
import TestSupport

/// A conversation of a test's own, and a request in it.
func withRun(
    _ hint: String = #function, retention: RunRetention = .init(), _ body: (RunLog, RunRequest) async throws -> Void
) async throws {
    try await withScratchRedis { redis in
        let log = RunLog(redis: redis, conversationID: scratchKey(hint), retention: retention)
        let request = RunRequest(
            conversationID: log.conversationID, correlationID: "first", agent: "TravelPlanner", message: "Go")
        try await body(log, request)
        try await log.remove()
    }
}
