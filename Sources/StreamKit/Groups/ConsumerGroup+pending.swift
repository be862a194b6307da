/// A summary of the entries that a group delivered and nobody acknowledged (XPENDING).
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

// Reads the server's answers, and checks every number in them.

extension PendingSummary {
    init(_ reply: Reply) throws {
        guard let parts = reply.elements, parts.count == 4 else {
            throw StreamKitError.unexpectedReply("XPENDING did not answer with four parts but \(reply).")
        }
        count = try parts[0].number("XPENDING")
        lowest = parts[1].isNull ? nil : try parts[1].streamID("XPENDING")
        highest = parts[2].isNull ? nil : try parts[2].streamID("XPENDING")
        perConsumer = try (parts[3].elements ?? []).map { pair in
            guard let both = pair.elements, both.count == 2, let name = both[0].text else {
                throw StreamKitError.unexpectedReply("XPENDING listed a consumer without a name and a count: \(pair).")
            }
            return (name, try both[1].number("XPENDING"))
        }
    }
}

extension PendingEntry {
    init(_ reply: Reply) throws {
        guard let parts = reply.elements, parts.count == 4, let holder = parts[1].text else {
            throw StreamKitError.unexpectedReply("XPENDING listed an entry without four parts: \(reply).")
        }
        id = try parts[0].streamID("XPENDING")
        consumer = holder
        idle = .milliseconds(try parts[2].number("XPENDING"))
        deliveryCount = try parts[3].number("XPENDING")
    }
}

extension ConsumerInfo {
    init(_ reply: Reply) throws {
        let values = reply.dictionary
        guard let name = values["name"]?.text, let pending = values["pending"], let idle = values["idle"] else {
            throw StreamKitError.unexpectedReply("XINFO CONSUMERS listed a consumer without its properties: \(reply).")
        }
        self.name = name
        self.pending = try pending.number("XINFO CONSUMERS")
        self.idle = .milliseconds(try idle.number("XINFO CONSUMERS"))
    }
}

extension ConsumerGroup {
    /// How many entries are pending, and with which consumers (XPENDING).
    ///
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func pending() async throws -> PendingSummary {
        let reply = try await stream.redis.send("XPENDING", stream.key, name)
        return try PendingSummary(reply)
    }

    /// The pending entries, lowest ID first (XPENDING with a range).
    ///
    /// - Parameters:
    ///   - limit: the most to return.
    ///   - idle: only those whose last delivery is at least that long ago.
    ///   - consumer: only those that this consumer holds.
    /// - Returns: one element per pending entry: who holds it, for how long, and how often it was delivered.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func pendingEntries(
        limit: Int = 100, idleFor idle: Duration? = nil, consumer: String? = nil
    ) async throws -> [PendingEntry] {
        var arguments = ["XPENDING", stream.key, name]
        if let idle { arguments += ["IDLE", String(idle.wholeMilliseconds)] }
        arguments += ["-", "+", String(limit)] + (consumer.map { [$0] } ?? [])
        let reply = try await stream.redis.send(arguments)
        return try (reply.elements ?? []).map { try PendingEntry($0) }
    }

    /// The group's consumers (XINFO CONSUMERS).
    ///
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func consumers() async throws -> [ConsumerInfo] {
        let reply = try await stream.redis.send("XINFO", "CONSUMERS", stream.key, name)
        return try (reply.elements ?? []).map { try ConsumerInfo($0) }
    }
}
