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
        return try Claim(reply)
    }
}
