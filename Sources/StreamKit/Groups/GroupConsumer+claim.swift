/// The result of a claim.
public struct Claim: Sendable {
    /// The entries, now pending with the consumer that claimed them.
    public let entries: [StreamEntry]
    /// Where the next claim should go on; `0-0` when all pending entries have been checked.
    public let next: StreamID
    /// Entries that were pending but no longer exist; they are not pending any more.
    public let deleted: [StreamID]
}

extension Claim {
    /// Reads the server's answer; before Redis 7.0 it does not list the deleted entries.
    init(_ reply: Reply) throws {
        guard let parts = reply.elements, parts.count >= 2 else {
            throw StreamKitError.unexpectedReply("XAUTOCLAIM did not answer with a cursor and entries but \(reply).")
        }
        let gone = parts.count > 2 ? parts[2].elements ?? [] : []
        entries = try StreamEntry.all(in: parts[1])
        next = try parts[0].streamID("XAUTOCLAIM")
        deleted = try gone.map { try $0.streamID("XAUTOCLAIM") }
    }
}

extension GroupConsumer {
    /// Takes over entries that another consumer was given and did not acknowledge (XAUTOCLAIM).
    ///
    /// Source: <https://redis.io/docs/latest/commands/xautoclaim/>
    ///
    /// - Parameters:
    ///   - idle: only entries whose last delivery is at least that long ago.
    ///   - start: where to begin; pass ``Claim/next`` of the claim before.
    ///   - limit: the most to take.
    /// - Returns: the entries taken over, and where the next claim should go on.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func claim(idleFor idle: Duration, from start: StreamID = .zero, limit: Int = 100) async throws -> Claim {
        let reply = try await group.stream.redis.send(
            "XAUTOCLAIM", group.stream.key, group.name, name, String(idle.wholeMilliseconds), start.description,
            "COUNT", String(limit))
        let claim = try Claim(reply)
        note(claim.entries)
        return claim
    }

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
            return try await read(limit, wait, claimingIdleFor: idle)
        }
        let end = wait.duration.map { ContinuousClock.now + $0 }
        while true {
            let abandoned = try await claimAny(idle, limit ?? 100)
            if !abandoned.isEmpty { return abandoned }
            let rest = end.map { ContinuousClock.now.duration(to: $0) }
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
}
