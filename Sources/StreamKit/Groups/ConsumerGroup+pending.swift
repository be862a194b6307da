/// How much a group delivered that nobody acknowledged (XPENDING).
public struct PendingSummary: Sendable {
    /// The number of pending entries.
    public let count: Int
    /// The lowest pending ID.
    public let lowest: StreamID?
    /// The highest pending ID.
    public let highest: StreamID?
    /// How many of them each consumer holds; consumers without any are not listed.
    public let perConsumer: [(name: String, count: Int)]
}

/// One pending entry.
public struct PendingEntry: Sendable, Hashable {
    /// The entry.
    public let id: StreamID
    /// Who holds it.
    public let consumer: String
    /// How long ago it was delivered last.
    public let idle: Duration
    /// How often it was delivered, from 1.
    public let deliveryCount: Int
}

/// One consumer of a group.
public struct ConsumerInfo: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// How many entries it holds.
    public let pending: Int
    /// How long ago it last spoke to the server.
    public let idle: Duration
}

extension ConsumerGroup {
    /// How much is pending, and with whom (XPENDING).
    public func pending() async throws -> PendingSummary {
        let reply = try await stream.redis.send("XPENDING", stream.key, name)
        guard let parts = reply.elements, parts.count == 4 else {
            throw StreamKitError.unexpectedReply("XPENDING did not answer with four parts but \(reply).")
        }
        let consumers = (parts[3].elements ?? []).compactMap { pair -> (name: String, count: Int)? in
            guard let both = pair.elements, both.count == 2, let name = both[0].text else { return nil }
            return (name, both[1].integer ?? 0)
        }
        return PendingSummary(
            count: parts[0].integer ?? 0, lowest: parts[1].text.flatMap { StreamID($0) },
            highest: parts[2].text.flatMap { StreamID($0) }, perConsumer: consumers)
    }

    /// The pending entries, lowest ID first (XPENDING with a range).
    ///
    /// - Parameters:
    ///   - limit: the most to return.
    ///   - idle: only those whose last delivery is at least so long ago.
    ///   - consumer: only those that this consumer holds.
    /// - Returns: one element a pending entry: who holds it, for how long, and how often it was delivered.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func pendingEntries(
        limit: Int = 100, idleFor idle: Duration? = nil, consumer: String? = nil
    ) async throws -> [PendingEntry] {
        var words = ["XPENDING", stream.key, name]
        if let idle { words += ["IDLE", String(idle.wholeMilliseconds)] }
        words += ["-", "+", String(limit)] + (consumer.map { [$0] } ?? [])
        let reply = try await stream.redis.send(words)
        return try (reply.elements ?? []).map { element in
            guard let parts = element.elements, parts.count == 4, let holder = parts[1].text else {
                throw StreamKitError.unexpectedReply("XPENDING listed an entry without four parts: \(element).")
            }
            return PendingEntry(
                id: try parts[0].streamID("XPENDING"), consumer: holder,
                idle: .milliseconds(parts[2].integer ?? 0), deliveryCount: parts[3].integer ?? 0)
        }
    }

    /// The group's consumers (XINFO CONSUMERS).
    public func consumers() async throws -> [ConsumerInfo] {
        let reply = try await stream.redis.send("XINFO", "CONSUMERS", stream.key, name)
        return (reply.elements ?? []).map { element in
            let values = element.dictionary
            return ConsumerInfo(
                name: values["name"]?.text ?? "", pending: values["pending"]?.integer ?? 0,
                idle: .milliseconds(values["idle"]?.integer ?? 0))
        }
    }
}
