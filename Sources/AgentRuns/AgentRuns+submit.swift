import StreamKit

// How a request comes in: into its log, then into the queue; once, however often it is sent.

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
        try await request.withEnqueueSpan(queue: names.queueKey) { request in
            try await submit(traced: request, onlyIfIdle: onlyIfIdle, inLine: inLine, caller: caller)
        }
    }

    private func submit(traced request: RunRequest, onlyIfIdle: Bool, inLine: Bool, caller: String?) async throws {
        let log = log(of: request.conversationID)
        do {
            // Each step done again changes nothing, so a prompt need not be refused because a reply was lost.
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
            Task { try? await withdraw(request) }
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
    private func withdraw(_ request: RunRequest) async throws {
        do {
            try await close(request, "The server could not accept the prompt. Ask again.")
        } catch is RunLogError {
            try await forget([request.correlationID])
        }
    }

    /// Submits a request once, however often it is sent with the same key (SET NX GET).
    ///
    /// The key is kept as long as the run may wait and its log is kept after that.
    ///
    /// - Parameters:
    ///   - claim: The request.
    ///   - key: What its sender calls it; keys of different senders must differ.
    ///   - inLine: Whether the run waits for the end of those of the conversation that are open; otherwise it is refused.
    ///   - caller: Who asks, for the limit per caller.
    /// - Returns: The claim that the key stands for: this one, or that of an earlier request. Compare them with
    ///   ``RunClaim/asksTheSame(as:)``.
    /// - Throws: What ``submit(_:onlyIfIdle:inLine:caller:)`` throws; the key then stands for nothing.
    public func submit(
        _ claim: RunClaim, once key: String, inLine: Bool = false, caller: String?
    ) async throws -> RunClaim {
        let name = names.claim(key)
        let life = max(1, (retention.maximumWait + retention.timeToLive).wholeMilliseconds)
        let reply = try await redis.send(
            "SET", name, try SortedJSON.text(of: claim), "NX", "GET", "PX", String(life))
        guard let text = reply.text else {
            do {
                try await submit(claim.request, onlyIfIdle: !inLine, inLine: inLine, caller: caller)
            } catch let refusal as RunLogError {
                // A repeat must not find the key and lose it again.
                _ = try? await redis.send("DEL", name)
                throw refusal
            } catch {
                // Unstructured, because the caller has its answer meanwhile.
                Task { _ = try? await redis.send("DEL", name) }
                throw error
            }
            return claim
        }
        guard let kept = SortedJSON.value(RunClaim.self, of: text) else {
            throw StreamKitError.unexpectedReply("The key '\(name)' does not hold a claim. Remove it from Redis.")
        }
        // The server of the first request died before it accepted the run, or is about to.
        if try await log(of: kept.request.conversationID).stage(of: kept.request) == .unknown {
            try await submit(kept.request, onlyIfIdle: !inLine, inLine: inLine, caller: caller)
        }
        return kept
    }
}
