// These methods are for readers that do more in one round trip, or wait for several streams at once.
extension GroupConsumer {
    /// Adds a read of new entries that does not wait (XREADGROUP `>`).
    ///
    /// ``entries(in:)`` reads the reply. If the reply is lost, its entries are pending with this consumer.
    func addRead(limit: Int, to pipeline: inout Pipeline) {
        pipeline.add { encodeRead(&$0, limit: limit, wait: .no, from: nil) }
    }

    /// The entries in the reply to such a read.
    static func entries(in reply: Reply) throws -> [StreamEntry] {
        guard reply.isNull || reply.kind == .array else {
            throw StreamKitError.unexpectedReply("XREADGROUP did not answer with entries but \(reply).")
        }
        return try reply.entriesOfOneStream()
    }

    /// Waits until any of several streams has new entries (XREADGROUP BLOCK with several keys).
    ///
    /// - Parameters:
    ///   - consumers: One consumer per stream, all of one name and in a group of one name.
    ///   - limit: The most to return per stream.
    ///   - wait: How long to wait at most.
    /// - Returns: The entries per stream, in the order of the consumers; nothing if the wait ended before. Entries that
    ///   are delivered after the waiting task was cancelled are pending.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    static func readTogether(
        _ consumers: [GroupConsumer], limit: Int, wait: Duration
    ) async throws -> [(consumer: GroupConsumer, entries: [StreamEntry])] {
        guard let first = consumers.first else { return [] }
        let reply = try await first.group.stream.redis.executeBlocking(delivery: true, wait: .atMost(wait)) { buffer in
            buffer.beginCommand("XREADGROUP", arguments: 9 + 2 * consumers.count)
            buffer.argument("GROUP")
            buffer.argument(first.group.name)
            buffer.argument(first.name)
            buffer.writeReadOptions(limit: limit, wait: .atMost(wait))
            buffer.argument("STREAMS")
            for consumer in consumers { buffer.argument(consumer.group.stream.key) }
            for _ in consumers { buffer.argument(">") }
        }
        guard reply.isNull || reply.kind == .array else {
            throw StreamKitError.unexpectedReply("XREADGROUP did not answer with streams but \(reply).")
        }
        var brought: [String: [StreamEntry]] = [:]
        for part in reply.elements ?? [] {
            guard let pair = part.elements, pair.count == 2, let key = pair[0].text else {
                throw StreamKitError.unexpectedReply("XREADGROUP did not answer with pairs of key and entries.")
            }
            brought[key] = try StreamEntry.all(in: pair[1])
        }
        return consumers.compactMap { consumer in
            brought[consumer.group.stream.key].map { (consumer, $0) }
        }
    }
}
