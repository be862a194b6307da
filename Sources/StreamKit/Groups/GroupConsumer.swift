import Synchronization

/// One consumer of a group: reads entries that nobody else gets, acknowledges them, claims abandoned ones.
///
/// Several tasks may read at the same time; each entry goes to one of them.
public final class GroupConsumer: Sendable {
    /// The group it belongs to.
    public let group: ConsumerGroup
    /// Its name in the group.
    public let name: String
    private let progress = Mutex(GroupProgress())

    init(group: ConsumerGroup, name: String) {
        self.group = group
        self.name = name
    }

    private var redis: Redis { group.stream.redis }

    /// Reads new entries for this consumer (XREADGROUP `>`), which are pending with it from then on.
    ///
    /// If a reply is lost (``StreamKitError/connectionLost(_:outcomeUnknown:)``) or the reading task is cancelled, the
    /// server may have delivered entries that nobody got. They are pending, and the next read finds them there.
    ///
    /// - Parameters:
    ///   - limit: the most to return.
    ///   - wait: how long to wait when there is nothing new.
    /// - Returns: nothing if the wait ended before an entry came.
    /// - Throws: ``StreamKitError/server(_:)`` with the prefix `NOGROUP` if group or stream are missing, another
    ///   ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func read(limit: Int? = nil, wait: ReadWait = .no) async throws -> [StreamEntry] {
        try await read(limit, wait, claimingIdleFor: nil)
    }

    func read(_ limit: Int?, _ wait: ReadWait, claimingIdleFor idle: Duration?) async throws -> [StreamEntry] {
        while let found = try await undelivered(limit) {
            if !found.isEmpty { return found }
        }
        return try await noting { take in
            try await redis.readInRounds(
                repeatable: false, wait: wait, decode: { take(try $0.entriesOfOneStream()) }
            ) {
                $0.beginGroupRead(group.name, name, limit: limit, wait: $1, claimingIdleFor: idle)
                $0.argument(group.stream.key)
                $0.argument(">")
            }
        }
    }

    /// Lets the next reads begin with what this consumer holds, even what an earlier reader was given.
    func startOver() {
        progress.withLock { $0.startOver() }
    }

    /// A page of pending entries that no reader got, perhaps an empty one; `nil` if there are none.
    private func undelivered(_ limit: Int?) async throws -> [StreamEntry]? {
        guard let search = progress.withLock({ $0.beginSearch() }) else { return nil }
        defer { progress.withLock { $0.end(search.read) } }
        let page = try await ownPendingPage(after: search.start, limit: limit)
        return progress.withLock { $0.take(page.entries, upTo: page.last, in: search) }
    }

    /// Notes what a read brings, or that nobody knows what it would have brought.
    private func noting(
        _ read: (_ take: ([StreamEntry]) -> [StreamEntry]) async throws -> [StreamEntry]
    ) async throws -> [StreamEntry] {
        let number = progress.withLock { $0.begin() }
        do {
            let entries = try await read { entries in progress.withLock { $0.take(entries, by: number) } }
            progress.withLock { $0.end(number) }
            return entries
        } catch {
            progress.withLock { $0.lose(number) }
            throw error
        }
    }

    func note(_ entries: [StreamEntry]) {
        progress.withLock { _ = $0.note(entries) }
    }

    /// Reads what this consumer holds and has not acknowledged, without deleted entries (XREADGROUP with an ID).
    ///
    /// - Parameters:
    ///   - id: only entries after this one.
    ///   - limit: the most to look at, deleted entries included; `nil` means all.
    /// - Returns: the entries, lowest ID first.
    /// - Throws: ``StreamKitError`` if the server refuses or cannot be reached, `CancellationError` if cancelled.
    public func ownPending(after id: StreamID = .zero, limit: Int? = nil) async throws -> [StreamEntry] {
        let entries = try await ownPendingPage(after: id, limit: limit).entries
        note(entries)
        return entries
    }

    /// A page of what this consumer holds, and the ID to go on after; `nil` when there is no more.
    ///
    /// Deleted entries count toward the page but are left out of it, so the page may end after its last entry.
    private func ownPendingPage(
        after id: StreamID, limit: Int?
    ) async throws -> (entries: [StreamEntry], last: StreamID?) {
        try await redis.endLostReaders()
        let reply = try await redis.execute(repeatable: true) { buffer in
            buffer.beginGroupRead(group.name, name, limit: limit, wait: .no)
            buffer.argument(group.stream.key)
            buffer.argument(id)
        }
        let page = reply.elements?.first?.elements?.last
        let last = try page?.elements?.last?.elements?.first?.streamID("XREADGROUP")
        return (try page.map { try StreamEntry.all(in: $0) } ?? [], last)
    }

    /// Marks entries as done and reads the next new ones, in one round trip (XACK, XREADGROUP `>`).
    ///
    /// Consumers that work in batches wait half as often as they would with ``ConsumerGroup/acknowledge(_:)`` and
    /// ``read(limit:wait:)`` one after the other.
    ///
    /// - Parameters:
    ///   - ids: the entries that are done; the list may be empty.
    ///   - limit: the most to return.
    /// - Returns: what is there at once, perhaps nothing; ``read(limit:wait:)`` can wait for more.
    /// - Throws: as these two do. If the connection breaks, it is unknown which of the two was carried out.
    public func acknowledge(_ ids: [StreamID], thenRead limit: Int) async throws -> [StreamEntry] {
        guard !ids.isEmpty, !progress.withLock({ $0.isUnsure }) else {
            _ = try await group.acknowledge(ids)
            return try await read(limit: limit)
        }
        return try await noting { take in
            let results = try await redis.pipeline { pipeline in
                pipeline.add { group.encodeAcknowledgement(of: ids, into: &$0) }
                pipeline.add { buffer in
                    buffer.beginGroupRead(group.name, name, limit: limit, wait: .no)
                    buffer.argument(group.stream.key)
                    buffer.argument(">")
                }
            }
            _ = try results[0].get()
            return take(try results[1].get().entriesOfOneStream())
        }
    }
}

extension ByteBuffer {
    /// Begins an XREADGROUP; the caller adds the keys, then as many IDs.
    mutating func beginGroupRead(
        _ group: String, _ consumer: String, ofStreams count: Int = 1, limit: Int?, wait: ReadWait,
        claimingIdleFor idle: Duration? = nil
    ) {
        let options = (limit == nil ? 0 : 2) + (wait == .no ? 0 : 2) + (idle == nil ? 0 : 2)
        beginCommand("XREADGROUP", arguments: 5 + count * 2 + options)
        argument("GROUP")
        argument(group)
        argument(consumer)
        writeReadOptions(limit: limit, wait: wait)
        if let idle {
            argument("CLAIM")
            argument(idle.wholeMilliseconds)
        }
        argument("STREAMS")
    }
}
