extension Redis {
    /// Sends several commands in one go and waits for all replies.
    ///
    /// They are carried out in order, yet not as a transaction: other clients' commands may come between, and those
    /// of this client, unless the batch says MULTI. While nobody else uses the connection, the beginning of a long
    /// batch leaves before `fill` is done.
    /// A batch of which the server carried out nothing, because it is loading for instance, is sent again.
    ///
    /// - Parameter fill: adds the commands; it must not wait for anything.
    /// - Returns: one result a command, in order; an error reply fails only its own.
    /// - Throws: ``StreamKitError/connectionLost(_:outcomeUnknown:)`` if the connection broke: then any part of the
    ///   batch may have been carried out.
    public func pipeline(_ fill: (inout Pipeline) -> Void) async throws -> [Result<Reply, StreamKitError>] {
        try await pipeline(orphan: nil, fill)
    }

    /// The same; replies that come after the waiting task was cancelled go to `orphan`.
    func pipeline(
        orphan: CommandSlot.Orphan?, _ fill: (inout Pipeline) -> Void
    ) async throws -> [Result<Reply, StreamKitError>] {
        // Whoever observes commands wants to see a batch as one, and an orphan wants all of it.
        let headStart = isObserved || orphan != nil ? nil : HeadStart(on: shared)
        var batch = Pipeline(headStart)
        fill(&batch)
        let count = batch.count
        guard count > 0 else { return [] }
        let encode: (inout ByteBuffer) -> Void = { buffer in batch.buffer.withBytes { buffer.append($0) } }
        var retry = Retry(configuration, repeatable: false)
        var replies =
            if let headStart, headStart.sent.commands > 0 {
                try await sendRest(of: batch.buffer, count, after: headStart)
            } else {
                try await sendAll(count, orphan, encode)
            }
        while replies.hasErrors {
            let results = replies.all.results(configuration, encode)
            let refusals = results.compactMap(\.refusal)
            for refusal in refusals { leaveDemotedPrimary(refusal) }
            guard refusals.count == count, let first = refusals.first else { return results }
            do {
                try await retry.pause(after: first)
            } catch is StreamKitError {
                return results
            }
            replies = try await sendAll(count, orphan, encode)
        }
        return replies.results
    }

    private func sendAll(
        _ count: Int, _ orphan: CommandSlot.Orphan?, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        try await traced(encode) {
            try await shared.send(replyCount: count, timeout: shared.commandTimeout, orphan: orphan, encode)
        }
    }

    /// Sends what is left of a batch; a failure leaves open what became of its beginning.
    private func sendRest(
        of bytes: borrowing ByteBuffer, _ count: Int, after begun: HeadStart
    ) async throws -> Replies {
        do {
            if let failure = begun.replies.failure { throw failure }
            let replies = try await shared.send(
                replyCount: count - begun.sent.commands, timeout: shared.commandTimeout, begun: begun
            ) { buffer in
                bytes.withBytes { buffer.append(UnsafeRawBufferPointer(rebasing: $0[begun.sent.bytes...])) }
            }
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
}

extension Result<Reply, StreamKitError> {
    /// The error of a command that the server did not carry out and may carry out later.
    fileprivate var refusal: StreamKitError? {
        guard case .failure(.server(let error)) = self, error.isTransient else {
            return nil
        }
        return .server(error)
    }
}

extension [Reply] {
    /// Each reply, or the error it is, with the name of the command that it answers.
    func results(
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
