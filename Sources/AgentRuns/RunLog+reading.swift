public import StreamKit

// What a log says: its events, also while they happen, how a run stands, whether something can still come, and whether
// events after a cursor were trimmed.
extension RunLog {
    /// Follows the conversation while it happens.
    ///
    /// - Parameters:
    ///   - position: Where to begin; `.after` an event's ID gives exactly the rest.
    ///   - isolation: Whether text is delivered as it is written, or once it can no longer be taken back.
    /// - Returns: A sequence that ends after the last event of the newest accepted run.
    public func events(after position: StreamPosition, isolation: RunIsolation = .live) -> RunEvents {
        RunEvents(log: self, position: position, isolation: isolation)
    }

    /// The conversation as it stands: its turns, its newest events, and the cursor to follow it from.
    ///
    /// Reads the log once, a page at a time (XRANGE), and keeps the text of its turns and some hundred events.
    ///
    /// - Returns: The snapshot, with all that was in the log when the last page was read.
    /// - Throws: ``RunLogError/expired(conversationID:)`` if there is no log, or a ``StreamKitError``.
    public func snapshot() async throws -> ConversationSnapshot {
        var builder = SnapshotBuilder(conversationID: conversationID)
        try await forEachEvent { builder.take($0) }
        guard let snapshot = builder.snapshot() else { throw RunLogError.expired(conversationID: conversationID) }
        return snapshot
    }

    /// Makes sure that the conversation can be followed from a cursor.
    ///
    /// - Parameter cursor: The ID of the last event that the viewer has; `nil` for a viewer that begins.
    /// - Throws: ``RunLogError/expired(conversationID:)`` if there is no such conversation,
    ///   ``RunLogError/beyondEnd(cursor:end:)`` if no event can have had that ID,
    ///   ``RunLogError/trimmed(conversationID:)`` if events after the cursor are gone, or a ``StreamKitError``.
    public func check(_ cursor: StreamID?) async throws {
        guard try await exists() else { throw RunLogError.expired(conversationID: conversationID) }
        // This is done without a cursor, too: it notices a key that does not hold a stream.
        guard let info = try await stream.info(), let cursor, cursor != .zero else { return }
        guard cursor <= info.lastGeneratedID else {
            throw RunLogError.beyondEnd(cursor: cursor, end: info.lastGeneratedID)
        }
        _ = try await sequence(at: cursor)
    }

    /// Whether Redis holds anything of the conversation.
    ///
    /// - Throws: A ``StreamKitError``.
    public func exists() async throws -> Bool {
        try await redis.send("EXISTS", stateKey, stream.key).integer ?? 0 > 0
    }

    /// Whose conversation it is (HGET).
    ///
    /// - Returns: The owner; `nil` if there is no conversation, or it is everybody's.
    /// - Throws: A ``StreamKitError``.
    public func owner() async throws -> String? {
        try await redis.send("HGET", stateKey, "owner").text
    }

    /// Every event that Redis still holds, oldest first (XRANGE, a page at a time).
    ///
    /// - Throws: A ``StreamKitError``.
    public func history() async throws -> [RunEvent] {
        var events: [RunEvent] = []
        try await forEachEvent { events.append($0) }
        return events
    }

    /// Passes on every event that Redis still holds, oldest first, and keeps one page of them in memory.
    func forEachEvent(_ body: (RunEvent) -> Void) async throws {
        var start = StreamBound.first
        while true {
            let page = try await stream.entries(from: start, limit: 256)
            guard let last = page.last else { return }
            page.runEvents.forEach(body)
            start = .after(last.id)
        }
    }

    /// The newest events up to an entry, newest first (XREVRANGE).
    ///
    /// - Parameters:
    ///   - limit: How many entries are read; one entry may hold two events.
    ///   - id: The newest entry that is of interest; `nil` for the end of the log.
    /// - Returns: The events, newest first.
    /// - Throws: A ``StreamKitError``.
    public func newestEvents(_ limit: Int, upTo id: StreamID? = nil) async throws -> [RunEvent] {
        try await stream.entriesReversed(from: id.map { .id($0) } ?? .last, limit: limit)
            .flatMap { RunEvent.all(in: $0).reversed() }
    }

    /// How far a run has come.
    enum Stage: Sendable {
        /// Nothing is known of it.
        case unknown
        /// It is open, and no worker has begun it.
        case waiting
        /// A worker has begun it, or it has ended.
        case begun
    }

    /// How far a run has come (HGET, HMGET).
    func stage(of request: RunRequest) async throws -> Stage {
        guard let number = try await redis.send("HGET", stateKey, "run:\(request.correlationID)").text else {
            return .unknown
        }
        let state = try await redis.send("HMGET", stateKey, "status:\(number)", "attempts:\(number)").elements ?? []
        return state.count == 2 && state[0].isNull && state[1].text == "0" ? .waiting : .begun
    }

    /// Whether another run of the conversation has to end before this one may begin.
    func isBehindAnother(_ request: RunRequest) async throws -> Bool {
        guard let oldest = try await oldestOpenRun() else { return false }
        return oldest.correlationID != request.correlationID
    }

    /// What can come after an entry.
    enum Standing: Sendable {
        /// Something may come, because a run is open.
        case open
        /// Nothing can come any more.
        case over
        /// Something has come already.
        case further
        /// There is no log.
        case gone
    }

    /// What can come after this entry.
    ///
    /// - Throws: ``RunLogError/damaged(conversationID:field:)`` if the state does not say it.
    func standing(after id: StreamID) async throws -> Standing {
        guard try await redis.send("EXISTS", stream.key).integer == 1 else { return .gone }
        let state = try await redis.send("HMGET", stateKey, "open", "last_id").elements ?? []
        guard state.count == 2, !state[1].isNull else {
            // Another program's stream has no state of ours; there the newest entry itself says whether it is the end.
            guard let newest = try await newestEvents(1).first else { return .open }
            return newest.id > id ? .further : newest.isLast ? .over : .open
        }
        guard let last = state[1].text.flatMap(StreamID.init) else { throw damaged("last_id") }
        guard let open = state[0].text.flatMap({ Int($0) }) else { throw damaged("open") }
        if last > id { return .further }
        return open > 0 ? .open : .over
    }

    func damaged(_ field: String) -> RunLogError {
        .damaged(conversationID: conversationID, field: field)
    }

    /// The sequence of the event at a cursor; `nil` if nothing can be said and nothing is missing.
    ///
    /// - Throws: ``RunLogError/trimmed(conversationID:)`` if the entry is gone and others after it as well.
    func sequence(at id: StreamID) async throws -> Int? {
        if let entry = try await stream.entries(from: .id(id), to: .id(id), limit: 1).first {
            return RunEvent.all(in: entry).last?.sequence
        }
        guard id != .zero, let oldest = try await stream.entries(limit: 1).runEvents.first, oldest.id > id,
            let sequence = oldest.sequence, sequence > 0
        else { return nil }
        throw RunLogError.trimmed(conversationID: conversationID)
    }

    /// Tries again for half a minute while Redis is away, then gives the reason.
    func patiently<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await RetryPolicy(limit: .seconds(30)).run { _ in try await body() }
    }
}
