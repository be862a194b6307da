import AgentRuns
import StreamKit

/// Works on one request to its end, everything it does going into the log.
///
/// A later attempt takes finished turns and tool results from the log and does only the rest.
/// - Parameters:
///   - agent: Who answers.
///   - request: What the user asked.
///   - attempt: How often the task has been delivered, counting from 1.
///   - log: The conversation.
/// - Throws: ``RunLogError`` if another attempt has taken over or the run has ended already; an ``AgentFailure``,
///   or whatever the model failed with, after which the run is still open and may be tried again.
public func runAgent(_ agent: any Agent, request: RunRequest, attempt: Int, log: RunLog) async throws {
    try await runAgent(agent, request: request, writer: log.begin(request, attempt: attempt))
}

/// Works on one request to its end, with a writer that has begun already.
///
/// - Throws: As the form that begins by itself.
public func runAgent(_ agent: any Agent, request: RunRequest, writer: RunWriter) async throws {
    let needsHistory = writer.attempt > 1 || writer.run > 1
    let history = needsHistory ? try await writer.log.history() : []
    let checkpoint = RunCheckpoint(history: history, run: writer.run)
    try await AgentLoop(agent: agent, request: request, writer: writer, checkpoint: checkpoint).run()
}
