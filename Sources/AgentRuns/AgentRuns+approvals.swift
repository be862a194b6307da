import Foundation
import Logging
import StreamKit

// What becomes of runs that wait for a person: the run is paused, a decision is written down, and the run goes on.
extension AgentRuns {
    /// Writes down what a person decided about a call that waits for it, and lets the run go on.
    ///
    /// If the process dies in between, a worker finds the run and enqueues it within seconds.
    ///
    /// - Parameters:
    ///   - decision: Which call, and whether it may be carried out.
    ///   - correlationID: Names the run.
    ///   - owner: Whose run it has to be; `nil` if that does not matter. Runs of others are unknown.
    /// - Throws: ``RunLogError/unknownCall``, ``RunLogError/decided``, another ``RunLogError`` if the run has ended or
    ///   its log is gone, or a ``StreamKitError``.
    public func decide(
        _ decision: ApprovalDecision, run correlationID: String, owner: String? = nil
    ) async throws {
        guard let run = try await paused.run(correlationID), owner == nil || run.request.owner == owner else {
            throw RunLogError.unknownCall
        }
        try await paused.lookSoon(at: correlationID)
        try await log(of: run.request.conversationID).decide(decision, run: correlationID)
        try await resume(run.request)
    }

    /// Puts a run into the hands of the person who decides; its worker is then free.
    func pause(_ request: RunRequest, _ pause: RunPause, _ writer: RunWriter) async throws {
        let now = try await paused.now()
        // Before the log says it, so that a decision finds the run.
        try await paused.add(
            PausedRuns.Run(request: request, deadline: now + Double(pause.limit.wholeMilliseconds)))
        for approval in pause.requests { try await writer.request(approval) }
    }

    /// Rejects what nobody has decided in time, and lets runs go on whose decision did not reach the queue.
    ///
    /// Workers do this every few seconds.
    func lookAfterPausedRuns() async throws {
        for (run, score) in try await paused.due() {
            do {
                if try await !isStillPaused(run) { try await paused.remove(run, foundWith: score) }
            } catch is RunLogError {
                // It has ended, or its log is gone.
                try await paused.remove(run, foundWith: score)
            } catch let error as StreamKitError where !error.isTransient {
                queue.options.logger.warning("run \(run.request.correlationID) cannot go on: \(error)")
                try await paused.remove(run, foundWith: score)
            }
        }
    }

    private func isStillPaused(_ run: PausedRuns.Run) async throws -> Bool {
        let log = log(of: run.request.conversationID)
        let waiting = try await log.approvals(of: run.request.correlationID).waiting
        if !waiting.isEmpty, try await paused.now() < run.deadline {
            try await paused.add(run)
            return true
        }
        for call in waiting {
            let decision = ApprovalDecision(call: call, .rejected, comment: "Nobody decided in time.")
            do { try await log.decide(decision, run: run.request.correlationID) } catch RunLogError.decided {}
        }
        try await resume(run.request)
        return false
    }

    /// Enqueues the run again, once for each number of decisions.
    private func resume(_ request: RunRequest) async throws {
        let decided = try await log(of: request.conversationID).approvals(of: request.correlationID).decided
        // It was never paused for anything: its worker died before it could say so, and the queue still has the task.
        guard decided > 0 else { return }
        var request = request
        request.resumption = decided
        try await queue.enqueue(request, idempotencyKey: "\(request.correlationID)/\(decided)")
    }
}
