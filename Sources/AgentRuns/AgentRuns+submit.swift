import StreamKit

extension AgentRuns {
    /// Writes a request into its log, then into the queue: the caller can follow the conversation at once.
    ///
    /// If the process dies in between, the run is found and enqueued within seconds, see ``lookAfterWaitingRuns()``.
    ///
    /// - Parameters:
    ///   - request: What the user asked.
    ///   - onlyIfIdle: Whether to refuse while another run of the conversation is open.
    ///   - inLine: Whether the run waits for the end of those of the conversation that are open.
    ///   - caller: Who asks, for the limit per caller; `nil` counts for the limit in total only.
    /// - Throws: ``RunLogError/busy(conversationID:)``, ``RunLogError/tooManyWaiting(_:ofCaller:)``,
    ///   ``RunLogError/expired(conversationID:)`` if the conversation is not the request's owner's,
    ///   ``RunLogError/damaged(conversationID:field:)``, or a ``StreamKitError``. The run will then not be worked on.
    public func submit(_ request: RunRequest, onlyIfIdle: Bool = false, inLine: Bool = false, caller: String? = nil)
        async throws
    {
        try await withEnqueueSpan(request) { request in
            try await submit(traced: request, onlyIfIdle: onlyIfIdle, inLine: inLine, caller: caller)
        }
    }

    private func submit(traced request: RunRequest, onlyIfIdle: Bool, inLine: Bool, caller: String?) async throws {
        let log = log(of: request.conversationID)
        do {
            // Each step done again changes nothing, so a lost reply is no reason to refuse a prompt.
            try await RetryPolicy(limit: .seconds(2)).run { _ in
                try await waiting.add(request, caller: caller)
                try await accept(request, log, onlyIfIdle: onlyIfIdle)
                // The worker that ends the run before it enqueues it.
                if inLine, try await log.isBehindAnother(request) { return }
                try await enqueue(request)
            }
        } catch let error as RunLogError {
            if case .tooManyWaiting = error { throw error }
            try await waiting.remove([request.correlationID])
            throw error
        } catch {
            // Unstructured, because the caller has its answer meanwhile.
            Task { try? await withdraw(request, log) }
            throw error
        }
    }

    private func accept(_ request: RunRequest, _ log: RunLog, onlyIfIdle: Bool) async throws {
        do {
            try await log.accept(request, onlyIfIdle: onlyIfIdle)
        } catch RunLogError.busy {
            // The open run may be one that nobody will ever work on.
            try await lookAfterWaitingRuns()
            try await log.accept(request, onlyIfIdle: onlyIfIdle)
        }
    }

    /// Ends a run that could not be put into the queue; where that fails, it will be found and enqueued.
    private func withdraw(_ request: RunRequest, _ log: RunLog) async throws {
        do {
            try await log.close(
                request, onlyIfWaiting: true, userMessage: "The server could not accept the prompt. Ask again.")
        } catch is RunLogError {}
        for task in try await waiting.remove([request.correlationID]) { try await queue.cancel(task) }
    }
}
