// The way of every command: it is observed, sent, and sent again if `CommandRetry` says so.
extension Redis {
    /// Sends one encoded command over the shared connection.
    ///
    /// A `repeatable` command does no harm if it is sent twice, so it is sent again after a lost reply.
    func execute(repeatable: Bool = false, _ encode: (inout ByteBuffer) -> Void) async throws -> Reply {
        let start = MonotonicClock.roughNow()
        var retry: CommandRetry?
        while true {
            do {
                let replies =
                    configuration.observers == nil
                    ? try await shared.send(timeout: shared.commandTimeout, encode) : try await sendObserved(encode)
                let reply = try replies.single()
                return reply.kind == .error ? try reply.orThrow(configuration, encode) : reply
            } catch let error as StreamKitError {
                // It is created only here, because hardly any command needs it.
                if retry == nil { retry = CommandRetry(configuration, repeatable: repeatable, since: start) }
                leaveDemotedPrimary(error)
                try await retry?.pause(after: error)
            }
        }
    }

    /// It is out of line: inlined, its closures would slow down unobserved commands.
    @inline(never)
    private func sendObserved(_ encode: (inout ByteBuffer) -> Void) async throws -> Replies {
        try await observed(encode) { try await shared.send(timeout: shared.commandTimeout, encode) }
    }

    /// Sends commands, and tells those who observe the client.
    private func observed(
        blocks: Bool = false, commands count: Int = 1, _ encode: (inout ByteBuffer) -> Void,
        _ send: () async throws -> Replies
    ) async throws -> Replies {
        guard let observers = configuration.observers else { return try await send() }
        return try await observers.observe(blocks: blocks, commands: count, encode, send)
    }

    /// Sends one encoded command that may block, on a connection that nobody else uses meanwhile.
    ///
    /// A `delivery` changes what the server holds for the reader, even if the reply is lost.
    func executeBlocking(
        repeatable: Bool = false, delivery: Bool = false, wait: ReadWait, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        var retry = CommandRetry(configuration, repeatable: repeatable)
        while true {
            do {
                let replies = try await observed(blocks: true, encode) {
                    try await blocking.send(wait: wait, delivery: delivery, unblockingWith: shared, encode)
                }
                return try replies.single().orThrow(configuration, encode)
            } catch let error as StreamKitError {
                leaveDemotedPrimary(error)
                try await retry.pause(after: error)
            }
        }
    }

    /// Sends several commands in one go and waits for all replies.
    ///
    /// They are carried out in order, yet not as a transaction: commands of other clients may come between, and so
    /// may other commands of this client, unless the batch uses MULTI.
    /// If the server carried out nothing of the batch, for example while it loads its data, the batch is sent again.
    ///
    /// - Parameter fill: adds the commands; it must not wait for anything.
    /// - Returns: one result per command, in order; an error reply fails only its own.
    /// - Throws: ``StreamKitError/connectionLost(_:outcomeUnknown:)`` if the connection broke: then any part of the
    ///   batch may have been carried out. Another ``StreamKitError`` if the server cannot be reached,
    ///   `CancellationError` if cancelled.
    public func pipeline(_ fill: (inout Pipeline) -> Void) async throws -> [Result<Reply, StreamKitError>] {
        var batch = Pipeline()
        fill(&batch)
        let count = batch.count
        guard count > 0 else { return [] }
        let encode: (inout ByteBuffer) -> Void = { buffer in batch.buffer.withBytes { buffer.append($0) } }
        var retry = CommandRetry(configuration, repeatable: false)
        while true {
            let replies = try await observed(commands: count, encode) {
                try await shared.send(replyCount: count, timeout: shared.commandTimeout, encode)
            }
            guard replies.hasErrors else { return replies.results }
            let results = replies.all.results(configuration, encode)
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

    /// Makes sure that the server delivers nothing more to readers that were cancelled or lost.
    func endLostReaders() async throws {
        try await blocking.endLost(with: shared)
    }

    /// A replica answered, so reconnecting is the way to find the present primary.
    private func leaveDemotedPrimary(_ error: StreamKitError) {
        guard case .server(let error) = error, error.isFromDemotedPrimary else { return }
        shared.leave()
        blocking.dropIdle()
    }

    /// Runs a script by its digest, and sends the script itself only to a server that does not know it.
    ///
    /// - Parameters:
    ///   - script: the script.
    ///   - keys: its KEYS.
    ///   - arguments: its ARGV.
    /// - Returns: what the script returned.
    /// - Throws: ``StreamKitError`` if the script fails or the server cannot be reached, `CancellationError` if
    ///   cancelled.
    public func run(_ script: RedisScript, keys: [String], arguments: [String]) async throws -> Reply {
        try await run(script, keys: keys, argumentCount: arguments.count) { buffer in
            for argument in arguments { buffer.argument(argument) }
        }
    }

    /// Does the same with arguments that `encode` writes.
    func run(
        _ script: RedisScript, keys: [String], argumentCount: Int, repeatable: Bool = false,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        func evaluate(_ command: StaticString, _ text: String) async throws -> Reply {
            try await execute(repeatable: repeatable) { buffer in
                buffer.beginCommand(command, arguments: 3 + keys.count + argumentCount)
                buffer.argument(text)
                buffer.argument(keys.count)
                for key in keys { buffer.argument(key) }
                encode(&buffer)
            }
        }
        do {
            return try await evaluate("EVALSHA", script.digest)
        } catch let StreamKitError.server(error) where error.prefix == "NOSCRIPT" {
            return try await evaluate("EVAL", script.source)
        }
    }
}
