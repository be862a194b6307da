extension Redis {
    /// Sends one encoded command over the shared connection.
    ///
    /// Where it is `repeatable`, sending it twice does no harm, so a lost reply is asked for again.
    func execute(repeatable: Bool = false, _ encode: (inout ByteBuffer) -> Void) async throws -> Reply {
        var attempt = 1
        while true {
            do {
                let replies = try await traced(encode) {
                    try await shared.send(timeout: configuration.commandTimeout, encode)
                }
                return try replies[0].orThrow(encode)
            } catch StreamKitError.connectionLost(_, _) where repeatable && attempt < 3 {
                attempt += 1
            }
        }
    }

    /// Sends one encoded command that may block, on a connection that nobody else uses meanwhile.
    ///
    /// A reply that comes after the waiting task was cancelled goes to `orphan`.
    func executeBlocking(
        wait: ReadWait, orphan: (@Sendable (Reply) -> Void)? = nil, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        let replies = try await traced(encode) {
            try await blocking.send(wait: wait, unblockingWith: shared, orphan: orphan, encode)
        }
        return try replies[0].orThrow(encode)
    }

    /// Sends several commands in one go and waits for all replies.
    ///
    /// They are carried out in order, yet not as a transaction: other clients' commands may come between.
    /// - Returns: one result a command, in order; an error reply fails only its own.
    public func pipeline(_ fill: (inout Pipeline) -> Void) async throws -> [Result<Reply, StreamKitError>] {
        var batch = Pipeline()
        fill(&batch)
        let count = batch.count
        guard count > 0 else { return [] }
        let encode: (inout ByteBuffer) -> Void = { buffer in batch.buffer.withBytes { buffer.append($0) } }
        let replies = try await traced(encode) {
            try await shared.send(replyCount: count, timeout: configuration.commandTimeout, encode)
        }
        return replies.map { reply in
            reply.kind == .error ? .failure(.server(ServerError(message: reply.text ?? ""))) : .success(reply)
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
        _ encode: (inout ByteBuffer) -> Void, _ send: () async throws -> [Reply]
    ) async throws -> [Reply] {
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
            for (words, reply) in zip(commands, replies) { report(words, reply, nil) }
            return replies
        } catch {
            for words in commands { report(words, nil, error as? StreamKitError) }
            throw error
        }
    }
}

extension Reply {
    fileprivate func orThrow(_ encode: (inout ByteBuffer) -> Void) throws -> Reply {
        guard kind == .error else { return self }
        var copy = ByteBuffer()
        encode(&copy)
        let command = TracedCommand.words(in: copy).first?.first ?? ""
        throw StreamKitError.server(ServerError(message: text ?? "", command: command))
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
