import Logging
import StreamKit

// What becomes of runs that wait: for a worker, or for the end of the run before them.

extension AgentRuns {
    /// Looks after runs that no worker has begun.
    ///
    /// One that never came into the queue, because the server died in between, is enqueued. One whose task is gone,
    /// or that waited longer than ``RunRetention/maximumWait``, gets its last event. Workers do this every few seconds,
    /// and so does a server that shows runs.
    ///
    /// - Throws: A ``StreamKitError``.
    public func lookAfterWaitingRuns() async throws {
        for run in try await waiting.due(limit: 200) {
            do {
                try await lookAfter(run)
            } catch let error as StreamKitError where !error.isTransient {
                // One key that holds something else must not keep all others waiting.
                queue.options.logger.warning("run \(run.correlationID) waits and cannot be looked at: \(error)")
                try await waiting.remove([run.correlationID])
            } catch is RunLogError {
                // It has ended, or a worker has begun it.
                try await waiting.remove([run.correlationID])
            }
        }
    }

    private func lookAfter(_ run: WaitingRuns.Run) async throws {
        guard let request = run.request else { return _ = try await waiting.remove([run.correlationID]) }
        let log = log(of: request.conversationID)
        let task = try await queue.task(ofIdempotencyKey: request.correlationID)
        switch try await log.stage(of: request) {
        case .unknown where run.waited < .seconds(60):
            // Its server is about to accept it.
            return
        case .unknown, .begun:
            try await waiting.remove([run.correlationID])
        case .waiting where run.waited >= retention.maximumWait:
            try await close(request, "The prompt waited too long for a worker. Ask again.")
        case .waiting:
            guard let task else {
                if try await log.isBehindAnother(request) { return }
                return try await enqueue(request)
            }
            guard try await !queue.holds(task) else { return }
            try await close(request, "The prompt was lost before a worker began it. Ask again.")
        }
    }

    /// Puts a run into the queue, once however often it is called.
    func enqueue(_ request: RunRequest) async throws {
        try await queue.enqueue(request, idempotencyKey: request.correlationID)
    }

    /// Ends a run that no worker has begun.
    func close(_ request: RunRequest, _ message: String) async throws {
        try await log(of: request.conversationID).close(request, onlyIfWaiting: true, userMessage: message)
        try await forget([request.correlationID])
    }

    /// Forgets that runs wait, and takes their tasks from the queue: also the given ones, which workers have.
    func forget(_ correlationIDs: [String], tasks: [StreamID] = []) async throws {
        for task in try await waiting.remove(correlationIDs) + tasks { try await queue.cancel(task) }
    }

    /// Enqueues the run that stands next in line in a conversation, if no other one is open.
    ///
    /// A run that is in the queue already is not enqueued again.
    func beginNext(in conversation: String) async throws {
        guard let next = try await log(of: conversation).oldestOpenRun(), next.attempts == 0,
            let request = try await waiting.request(of: next.correlationID)
        else { return }
        try await enqueue(request)
    }
}
