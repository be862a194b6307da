// Acknowledging and deleting in one step: with XACKDEL, or a script where the server does not have it.
extension ConsumerGroup {
    /// Marks entries as done and deletes them, in one step (XACKDEL; before Redis 8.2 a script of XACK and XDEL).
    ///
    /// It suits a stream that only one group reads: finished entries disappear, and only the backlog remains.
    /// Entries that are not pending in this group stay as they are.
    /// Source: <https://redis.io/docs/latest/commands/xackdel/>
    ///
    /// - Parameter ids: the entries that are done.
    /// - Returns: how many of them were pending.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func acknowledgeAndDelete(_ ids: [StreamID]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        let (redis, texts) = (stream.redis, ids.map(\.description))
        guard try await redis.capabilities().supports(.acknowledgeAndDelete) else {
            return try await redis.run(Self.script, keys: [stream.key], arguments: [name] + texts)
                .count("XACK and XDEL")
        }
        let reply = try await redis.send(["XACKDEL", stream.key, name, "IDS", String(ids.count)] + texts)
        guard let outcomes = reply.elements, outcomes.count == ids.count else {
            throw StreamKitError.unexpectedReply("XACKDEL did not answer with one number for each ID but \(reply).")
        }
        return outcomes.count { $0.integer != -1 }
    }

    private static let script = RedisScript(file: PackageResources.acknowledge_and_delete_lua)
}
