extension Redis {
    /// Sends several commands in one go and waits for all replies.
    ///
    /// They are carried out in order, yet not as a transaction: commands of other clients may come between, and so
    /// may other commands of this client, unless the batch uses MULTI.
    /// If the server carried out nothing of the batch, for example while it loads its data, the batch is sent again.
    ///
    /// - Parameter fill: adds the commands; it must not wait for anything.
    /// - Returns: one result per command, in order; an error reply fails only its own.
    /// - Throws: ``StreamKitError/connectionLost(_:outcomeUnknown:)`` if the connection broke: then any part of the
    ///   batch may have been carried out.
    public func pipeline(_ fill: (inout Pipeline) -> Void) async throws -> [Result<Reply, StreamKitError>] {
        try await pipeline(lateReplyHandler: nil, fill)
    }

    /// Does the same; replies that come after the waiting task was cancelled go to `lateReplyHandler`.
    func pipeline(
        lateReplyHandler: CommandSlot.LateReplyHandler?, _ fill: (inout Pipeline) -> Void
    ) async throws -> [Result<Reply, StreamKitError>] {
        var batch = Pipeline()
        fill(&batch)
        let count = batch.count
        guard count > 0 else { return [] }
        let encode: (inout ByteBuffer) -> Void = { buffer in batch.buffer.withBytes { buffer.append($0) } }
        var retry = Retry(configuration, repeatable: false)
        var replies = try await sendAll(count, lateReplyHandler, encode)
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
            replies = try await sendAll(count, lateReplyHandler, encode)
        }
        return replies.results
    }

    private func sendAll(
        _ count: Int, _ lateReplyHandler: CommandSlot.LateReplyHandler?,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        try await traced(commands: count, encode) {
            try await shared.send(
                replyCount: count, timeout: shared.commandTimeout, lateReplyHandler: lateReplyHandler, encode)
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
    /// The result of each reply; an error names the command that it answers.
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
