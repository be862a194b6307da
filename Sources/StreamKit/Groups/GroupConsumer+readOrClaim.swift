extension GroupConsumer {
    /// Reads entries that other consumers left idle for at least that long, then new ones (XREADGROUP CLAIM; before
    /// Redis 8.4 XAUTOCLAIM and XREADGROUP in turn).
    ///
    /// All of them are pending with this consumer from then on. An entry of its own that was idle for that long
    /// is delivered again, too.
    /// Source: <https://redis.io/docs/latest/commands/xreadgroup/#the-claim-option>
    ///
    /// - Parameters:
    ///   - idle: how long an entry must have been pending without being delivered again.
    ///   - limit: the most to return; at most 100 where the server has no CLAIM.
    ///   - wait: how long to wait when there is nothing; it ends when an entry comes or becomes idle for that long.
    /// - Returns: abandoned entries first; nothing if the wait ended before.
    /// - Throws: ``StreamKitError/server(_:)`` with the prefix `NOGROUP` if group or stream are missing, another
    ///   ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func read(
        claimingIdleFor idle: Duration, limit: Int? = nil, wait: ReadWait = .no
    ) async throws -> [StreamEntry] {
        if try await group.stream.redis.capabilities().supports(.claimingRead) {
            return try await readNatively(idle, limit, wait)
        }
        let end: ContinuousClock.Instant? = if case .atMost(let limit) = wait { .now + limit } else { nil }
        while true {
            let abandoned = try await claimAny(idle, limit ?? 100)
            if !abandoned.isEmpty { return abandoned }
            let rest = end.map { ContinuousClock.now.duration(to: $0) }
            if wait == .no { return try await read(limit: limit) }
            // An entry that becomes idle meanwhile wakes nobody, so the wait is split into short ones.
            let piece = min(max(idle, .milliseconds(100)), .seconds(1), rest ?? .seconds(1))
            let fresh = try await read(limit: limit, wait: piece > .zero ? .atMost(piece) : .no)
            if !fresh.isEmpty || rest.map({ $0 <= piece }) == true { return fresh }
        }
    }

    /// Sends one XAUTOCLAIM after another, until one brings an entry or all pending entries have been checked.
    private func claimAny(_ idle: Duration, _ limit: Int) async throws -> [StreamEntry] {
        var start = StreamID.zero
        repeat {
            let claim = try await claim(idleFor: idle, from: start, limit: limit)
            if !claim.entries.isEmpty { return claim.entries }
            start = claim.next
        } while start != .zero
        return []
    }

    private func readNatively(_ idle: Duration, _ limit: Int?, _ wait: ReadWait) async throws -> [StreamEntry] {
        let late = takeLate(limit)
        guard late.isEmpty else { return late }
        return try await group.stream.redis.readInRounds(
            repeatable: false, wait: wait, lateReplyHandler: { [self] in keep($0) },
            decode: { try $0.entriesOfOneStream() }
        ) { [self] buffer, wait in
            buffer.beginCommand("XREADGROUP", arguments: 9 + (limit == nil ? 0 : 2) + (wait == .no ? 0 : 2))
            buffer.argument("GROUP")
            buffer.argument(group.name)
            buffer.argument(name)
            buffer.writeReadOptions(limit: limit, wait: wait)
            buffer.argument("CLAIM")
            buffer.argument(idle.wholeMilliseconds)
            buffer.argument("STREAMS")
            buffer.argument(group.stream.key)
            buffer.argument(">")
        }
    }
}
