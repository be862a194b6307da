import Synchronization

/// One consumer of a group: reads entries that nobody else gets, acknowledges them, claims abandoned ones.
public final class GroupConsumer: Sendable {
    /// The group it belongs to.
    public let group: ConsumerGroup
    /// Its name in the group.
    public let name: String
    /// Entries that the server delivered to a read whose task had been cancelled; the next read gets them.
    private let undelivered = Mutex<[StreamEntry]>([])

    init(group: ConsumerGroup, name: String) {
        self.group = group
        self.name = name
    }

    private var redis: Redis { group.stream.redis }

    /// Reads new entries for this consumer (XREADGROUP `>`), which are pending with it from then on.
    ///
    /// If the reply is lost (``StreamKitError/connectionLost(_:outcomeUnknown:)``), the entries in it
    /// are pending too: ``ownPending(after:limit:)`` has them, and ``deliveries(ifGroupIsMissing:retry:)``
    /// looks there by itself.
    ///
    /// - Parameters:
    ///   - limit: the most to return.
    ///   - wait: how long to wait when there is nothing new.
    /// - Returns: nothing if the wait ended before an entry came.
    /// - Throws: ``StreamKitError/server(_:)`` with the prefix `NOGROUP` if group or stream are missing, another
    ///   ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func read(limit: Int? = nil, wait: ReadWait = .no) async throws -> [StreamEntry] {
        let late = takeLate(limit)
        return late.isEmpty ? try await readNew(limit: limit, wait: wait) : late
    }

    /// Takes the entries that came for a read whose task had been cancelled.
    func takeLate(_ limit: Int?) -> [StreamEntry] {
        undelivered.withLock { entries in
            let taken = entries.prefix(limit ?? .max)
            entries.removeFirst(taken.count)
            return Array(taken)
        }
    }

    func readNew(limit: Int?, wait: ReadWait) async throws -> [StreamEntry] {
        try await redis.readInRounds(
            repeatable: false, wait: wait, lateReplyHandler: { [self] in keep($0) },
            decode: { try $0.entriesOfOneStream() }
        ) {
            encodeRead(&$0, limit: limit, wait: $1, from: nil)
        }
    }

    /// Reads what this consumer holds and has not acknowledged, without deleted entries (XREADGROUP with an ID).
    ///
    /// - Parameters:
    ///   - id: only entries after this one.
    ///   - limit: the most to look at, deleted entries included; `nil` means all.
    /// - Returns: the entries, lowest ID first.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func ownPending(after id: StreamID = .zero, limit: Int? = nil) async throws -> [StreamEntry] {
        try await ownPendingPage(after: id, limit: limit).entries
    }

    /// A page of what this consumer holds, and the ID to go on after; `nil` when there is no more.
    ///
    /// Deleted entries count toward the page but are left out of it, so the page may end after its last entry.
    func ownPendingPage(
        after id: StreamID, limit: Int?
    ) async throws -> (entries: [StreamEntry], last: StreamID?) {
        try await redis.blocking.endLost(with: redis.shared)
        let reply = try await redis.execute(repeatable: true) { buffer in
            encodeRead(&buffer, limit: limit, wait: .no, from: id)
        }
        let page = reply.elements?.first?.elements?.last
        let last = try page?.elements?.last?.elements?.first?.streamID("XREADGROUP")
        return (try page.map { try StreamEntry.all(in: $0) } ?? [], last)
    }

    /// Marks entries as done, as ``ConsumerGroup/acknowledge(_:)`` does (XACK).
    ///
    /// - Parameter ids: the entries that are done.
    /// - Returns: how many of them were pending.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    @discardableResult
    public func acknowledge(_ ids: [StreamID]) async throws -> Int {
        try await group.acknowledge(ids)
    }

    /// Marks entries as done and reads the next new ones, in one round trip (XACK, XREADGROUP `>`).
    ///
    /// Consumers that work in batches wait half as often as they would with the two calls one after the other.
    ///
    /// - Parameters:
    ///   - ids: the entries that are done; the list may be empty.
    ///   - limit: the most to return.
    /// - Returns: what is there at once, perhaps nothing; ``read(limit:wait:)`` can wait for more.
    /// - Throws: as these two do. If the connection breaks, it is unknown which of the two was carried out.
    public func acknowledge(_ ids: [StreamID], thenRead limit: Int) async throws -> [StreamEntry] {
        guard !ids.isEmpty, undelivered.withLock({ $0.isEmpty }) else {
            _ = try await group.acknowledge(ids)
            return try await read(limit: limit)
        }
        let lateReplyHandler: CommandSlot.LateReplyHandler = { [self] outcome in
            if case .success(let replies) = outcome, let reply = replies.last { keep(reply) }
        }
        let results = try await redis.pipeline(lateReplyHandler: lateReplyHandler) { batch in
            batch.add { group.encodeAcknowledgement(of: ids, into: &$0) }
            batch.add { encodeRead(&$0, limit: limit, wait: .no, from: nil) }
        }
        // It reads the entries before it throws: what was delivered belongs to this consumer.
        let entries = try results[1].get().entriesOfOneStream()
        if case .failure(let error) = results[0] {
            undelivered.withLock { $0 += entries }
            throw error
        }
        return entries
    }

    func keep(_ reply: Reply) {
        guard let entries = try? reply.entriesOfOneStream() else { return }
        undelivered.withLock { $0 += entries }
    }

    func encodeRead(_ buffer: inout ByteBuffer, limit: Int?, wait: ReadWait, from id: StreamID?) {
        buffer.beginCommand("XREADGROUP", arguments: 7 + (limit == nil ? 0 : 2) + (wait == .no ? 0 : 2))
        buffer.argument("GROUP")
        buffer.argument(group.name)
        buffer.argument(name)
        buffer.writeReadOptions(limit: limit, wait: wait)
        buffer.argument("STREAMS")
        buffer.argument(group.stream.key)
        if let id { buffer.argument(id) } else { buffer.argument(">") }
    }
}
