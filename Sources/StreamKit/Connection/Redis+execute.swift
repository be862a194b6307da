extension Redis {
    /// Sends one encoded command over the shared connection.
    ///
    /// Where it is `repeatable`, sending it twice does no harm, so a lost reply is asked for again. A reply
    /// that comes after the waiting task was cancelled goes to `orphan`.
    func execute(
        repeatable: Bool = false, orphan: (@Sendable (Reply) -> Void)? = nil, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        let late = orphan.map { orphan in Self.firstReply(for: orphan) }
        var retry: Retry?
        while true {
            do {
                let reply = try await sendOnce(late, encode)
                return reply.kind == .error ? try reply.orThrow(configuration, encode) : reply
            } catch let error as StreamKitError {
                leaveDemotedPrimary(error)
                // Made only now, because hardly any command ever needs it.
                if retry == nil { retry = Retry(configuration, repeatable: repeatable) }
                try await retry?.pause(after: error)
            }
        }
    }

    private func sendOnce(_ orphan: CommandSlot.Orphan?, _ encode: (inout ByteBuffer) -> Void) async throws -> Reply {
        if !isObserved {
            return try await shared.send(timeout: shared.commandTimeout, orphan: orphan, encode).single()
        }
        return try await traced(encode) {
            try await shared.send(timeout: shared.commandTimeout, orphan: orphan, encode)
        }.single()
    }

    private static func firstReply(
        for orphan: @escaping @Sendable (Reply) -> Void
    ) -> @Sendable (Result<[Reply], StreamKitError>) -> Void {
        { outcome in
            if case .success(let replies) = outcome, let reply = replies.first, reply.kind == .array { orphan(reply) }
        }
    }

    /// Sends one encoded command that may block, on a connection that nobody else uses meanwhile.
    ///
    /// A reply that comes after the waiting task was cancelled goes to `orphan`.
    func executeBlocking(
        repeatable: Bool = false, delivery: Bool = false, wait: ReadWait,
        orphan: (@Sendable (Reply) -> Void)? = nil, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        var retry = Retry(configuration, repeatable: repeatable)
        while true {
            do {
                let replies = try await traced(blocks: true, encode) {
                    try await blocking.send(
                        wait: wait, delivery: delivery, unblockingWith: shared, orphan: orphan, encode)
                }
                return try replies.single().orThrow(configuration, encode)
            } catch let error as StreamKitError {
                leaveDemotedPrimary(error)
                try await retry.pause(after: error)
            }
        }
    }

    /// A replica answered: whoever is the primary now is found by connecting anew.
    private func leaveDemotedPrimary(_ error: StreamKitError) {
        guard case .server(let error) = error, error.isFromDemotedPrimary else { return }
        shared.reconnect()
        blocking.dropIdle()
    }

    /// Sends several commands in one go and waits for all replies.
    ///
    /// They are carried out in order, yet not as a transaction: other clients' commands may come between.
    /// A batch of which the server carried out nothing, because it is loading for instance, is sent again.
    /// - Returns: one result a command, in order; an error reply fails only its own.
    public func pipeline(_ fill: (inout Pipeline) -> Void) async throws -> [Result<Reply, StreamKitError>] {
        let headStart = isObserved ? nil : HeadStart(on: shared)
        var batch = Pipeline(headStart)
        fill(&batch)
        let count = batch.count
        guard count > 0 else { return [] }
        let encode: (inout ByteBuffer) -> Void = { buffer in batch.buffer.withBytes { buffer.append($0) } }
        var retry = Retry(configuration, repeatable: false)
        var begun = headStart.flatMap { $0.sent.commands > 0 ? $0 : nil }
        while true {
            let replies: [Reply]
            if let head = begun {
                begun = nil
                replies = try await finish(batch.buffer, count, head)
            } else {
                replies = try await traced(encode) {
                    try await shared.send(replyCount: count, timeout: shared.commandTimeout, encode)
                }.all
            }
            guard replies.contains(where: { $0.kind == .error }) else { return replies.map { .success($0) } }
            let results = replies.results(configuration, encode)
            let refusals = results.compactMap(\.refusal)
            for refusal in refusals { leaveDemotedPrimary(refusal) }
            guard refusals.count == count, let first = refusals.first else { return results }
            do {
                try await retry.pause(after: first)
            } catch is StreamKitError {
                return results
            }
        }
    }

    /// Sends the rest of a batch; a failure leaves open what became of the beginning.
    private func finish(
        _ bytes: borrowing ByteBuffer, _ count: Int, _ begun: HeadStart
    ) async throws -> [Reply] {
        do {
            if let failure = begun.replies.failure { throw failure }
            let replies = try await shared.send(
                replyCount: count - begun.sent.commands, timeout: shared.commandTimeout, begun: begun
            ) { buffer in
                bytes.withBytes { buffer.append(UnsafeRawBufferPointer(rebasing: $0[begun.sent.bytes...])) }
            }.all
            if let failure = begun.replies.failure { throw failure }
            return replies
        } catch let error as StreamKitError {
            switch error {
            case .timedOut, .closed: throw error
            case .connectionLost(let reason, _): throw StreamKitError.connectionLost(reason, outcomeUnknown: true)
            default: throw StreamKitError.connectionLost("A batch broke off: \(error)", outcomeUnknown: true)
            }
        }
    }

    /// Runs a script by its digest, and sends the script itself only to a server that does not know it.
    public func run(_ script: RedisScript, keys: [String], arguments: [String]) async throws -> Reply {
        let rest = [String(keys.count)] + keys + arguments
        do {
            return try await send(["EVALSHA", script.digest] + rest)
        } catch let StreamKitError.server(error) where error.prefix == "NOSCRIPT" {
            return try await send(["EVAL", script.source] + rest)
        }
    }

    private func traced(
        blocks: Bool = false, _ encode: (inout ByteBuffer) -> Void, _ send: () async throws -> Replies
    ) async throws -> Replies {
        guard let metrics = configuration.commandMetrics else { return try await reported(encode, send) }
        let start = blocks ? nil : Connection.now()
        do {
            let replies = try await reported(encode, send)
            metrics.answered(replies.all, since: start)
            return replies
        } catch {
            metrics.unanswered(error)
            throw error
        }
    }

    private func reported(
        _ encode: (inout ByteBuffer) -> Void, _ send: () async throws -> Replies
    ) async throws -> Replies {
        guard let trace = configuration.trace else { return try await send() }
        var copy = ByteBuffer()
        encode(&copy)
        let commands = TracedCommand.words(in: copy)
        let start = ContinuousClock.now
        func report(_ words: [String], _ reply: Reply?, _ error: StreamKitError?) {
            trace.handler(.init(words: words, reply: reply, error: error, duration: start.duration(to: .now)))
        }
        do {
            let replies = try await send()
            for (words, reply) in zip(commands, replies.all) { report(words, reply, nil) }
            return replies
        } catch {
            for words in commands { report(words, nil, error as? StreamKitError) }
            throw error
        }
    }
}

extension Reply {
    fileprivate func orThrow(
        _ configuration: RedisConfiguration, _ encode: (inout ByteBuffer) -> Void
    ) throws -> Reply {
        guard kind == .error else { return self }
        return try [self].results(configuration, encode)[0].get()
    }
}

extension Result<Reply, StreamKitError> {
    /// The error of a command that the server did not carry out and may carry out later.
    fileprivate var refusal: StreamKitError? {
        guard case .failure(.server(let error)) = self, error.isTemporary || error.isFromDemotedPrimary else {
            return nil
        }
        return .server(error)
    }
}

extension [Reply] {
    /// Each reply, or the error it is, with the name of the command that it answers.
    fileprivate func results(
        _ configuration: RedisConfiguration, _ encode: (inout ByteBuffer) -> Void
    ) -> [Result<Reply, StreamKitError>] {
        var copy = ByteBuffer()
        encode(&copy)
        return zip(self, TracedCommand.words(in: copy)).map { reply, words in
            guard reply.kind == .error else { return .success(reply) }
            let name = words.first ?? ""
            return .failure(
                .server(ServerError(message: reply.text ?? "", command: name, address: "\(configuration)")))
        }
    }
}

/// How long a read waits for something to come.
public enum ReadWait: Sendable, Hashable {
    /// Answer at once, with what is there.
    case no
    /// Wait at most so long; then the answer is empty.
    case atMost(Duration)
    /// Wait until something comes or the task is cancelled.
    case forever
}
