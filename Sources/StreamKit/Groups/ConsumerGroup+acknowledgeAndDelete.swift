extension ConsumerGroup {
    /// Marks entries as done and deletes them, in one step (XACKDEL; before Redis 8.2 a script of XACK and XDEL).
    ///
    /// For a stream that one group reads: done is gone, and the stream stays as short as its backlog. What is
    /// not pending in this group is left alone.
    /// Source: <https://redis.io/docs/latest/commands/xackdel/>
    ///
    /// - Parameter ids: the entries that are done.
    /// - Returns: how many of them were pending.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func acknowledgeAndDelete(_ ids: [StreamID]) async throws -> Int {
        guard !ids.isEmpty else { return 0 }
        let redis = stream.redis
        guard try await redis.capabilities().supports(.acknowledgeAndDelete) else {
            let arguments = [name] + ids.map(\.description)
            return try await redis.run(Self.script, keys: [stream.key], arguments: arguments).count("XACK and XDEL")
        }
        let reply = try await redis.execute { buffer in
            buffer.beginCommand("XACKDEL", words: 5 + ids.count)
            buffer.word(stream.key)
            buffer.word(name)
            buffer.word("IDS")
            buffer.word(ids.count)
            for id in ids { buffer.word(id) }
        }
        guard let outcomes = reply.elements, outcomes.count == ids.count else {
            throw StreamKitError.unexpectedReply("XACKDEL did not answer with one number for each ID but \(reply).")
        }
        return outcomes.count { $0.integer != -1 }
    }

    private static let script = RedisScript(file: PackageResources.acknowledge_and_delete_lua)
}
