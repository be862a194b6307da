public import AgentRuns

extension Agent {
    /// Answers one request to its end; everything the agent does goes into the run's log.
    ///
    /// A later attempt takes finished turns and tool results from the log and does only the rest.
    ///
    /// - Parameter writer: Writes for the attempt that has begun, see ``AgentRuns/RunLog/begin(_:token:mayOpen:onCheckpoint:)``.
    /// - Throws: ``AgentRuns/RunLogError`` if another attempt has taken over or the run has ended already; a
    ///   ``AgentRuns/RunFailure`` if the run cannot succeed; or whatever the model failed with, after which the run is
    ///   still open and may be tried again.
    public func answer(through writer: RunWriter) async throws {
        let needsHistory = writer.attempt > 1 || writer.run > 1
        let history = needsHistory ? try await writer.log.history() : []
        let checkpoint = RunCheckpoint(history: history, run: writer.run)
        try await AgentLoop(agent: self, writer: writer, checkpoint: checkpoint).run()
    }
}
