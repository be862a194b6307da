extension Redis {
    /// Sends one encoded command over the shared connection.
    ///
    /// A `repeatable` command does no harm if it is sent twice, so it is sent again after a lost reply. A reply
    /// that comes after the waiting task was cancelled goes to `lateReplyHandler`.
    func execute(
        repeatable: Bool = false, lateReplyHandler: (@Sendable (Reply) -> Void)? = nil,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        let late = lateReplyHandler.map { lateReplyHandler in Self.firstReply(for: lateReplyHandler) }
        let start = MonotonicClock.roughNow()
        var retry: Retry?
        while true {
            do {
                let replies =
                    isObserved
                    ? try await sendObserved(late, encode)
                    : try await shared.send(timeout: shared.commandTimeout, lateReplyHandler: late, encode)
                let reply = try replies.single()
                return reply.kind == .error ? try reply.orThrow(configuration, encode) : reply
            } catch let error as StreamKitError {
                leaveDemotedPrimary(error)
                // It is created only here, because hardly any command needs it.
                if retry == nil { retry = Retry(configuration, repeatable: repeatable, since: start) }
                try await retry?.pause(after: error)
            }
        }
    }

    /// This and the next function are out of line: inlined, their closures would slow down unobserved commands.
    @inline(never)
    private func sendObserved(
        _ lateReplyHandler: CommandSlot.LateReplyHandler?, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        try await traced(encode) {
            try await shared.send(timeout: shared.commandTimeout, lateReplyHandler: lateReplyHandler, encode)
        }
    }

    private static func firstReply(
        for lateReplyHandler: @escaping @Sendable (Reply) -> Void
    ) -> @Sendable (Result<[Reply], StreamKitError>) -> Void {
        { outcome in
            if case .success(let replies) = outcome, let reply = replies.first, reply.kind == .array {
                lateReplyHandler(reply)
            }
        }
    }

    /// Sends one encoded command that may block, on a connection that nobody else uses meanwhile.
    ///
    /// A reply that comes after the waiting task was cancelled goes to `lateReplyHandler`.
    func executeBlocking(
        repeatable: Bool = false, delivery: Bool = false, wait: ReadWait,
        lateReplyHandler: (@Sendable (Reply) -> Void)? = nil, _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Reply {
        var retry = Retry(configuration, repeatable: repeatable)
        while true {
            do {
                let replies =
                    isObserved
                    ? try await sendBlockingObserved(delivery, wait, lateReplyHandler, encode)
                    : try await blocking.send(
                        wait: wait, delivery: delivery, unblockingWith: shared, lateReplyHandler: lateReplyHandler,
                        encode)
                return try replies.single().orThrow(configuration, encode)
            } catch let error as StreamKitError {
                leaveDemotedPrimary(error)
                try await retry.pause(after: error)
            }
        }
    }

    @inline(never)
    private func sendBlockingObserved(
        _ isDelivery: Bool, _ wait: ReadWait, _ lateReplyHandler: (@Sendable (Reply) -> Void)?,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        try await traced(blocks: true, encode) {
            try await blocking.send(
                wait: wait, delivery: isDelivery, unblockingWith: shared, lateReplyHandler: lateReplyHandler, encode)
        }
    }

    /// A replica answered, so reconnecting is the way to find the present primary.
    func leaveDemotedPrimary(_ error: StreamKitError) {
        guard case .server(let error) = error, error.isFromDemotedPrimary else { return }
        shared.leave()
        blocking.dropIdle()
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
}

extension Reply {
    fileprivate func orThrow(
        _ configuration: RedisConfiguration, _ encode: (inout ByteBuffer) -> Void
    ) throws -> Reply {
        guard kind == .error else { return self }
        return try [self].results(configuration, encode)[0].get()
    }
}
