import StreamKit

/// Walks through the events of a conversation as they are written.
struct LiveRunEvents: RunWalk {
    let log: RunLog
    private var reader: any EntryReader
    let position: StreamPosition
    /// The newest event that was delivered, or where to begin.
    private(set) var cursor: StreamID?
    private var check: SequenceCheck
    private var buffer: ArraySlice<RunEvent> = []
    private var page = PageSize()
    private var mayWait = false
    private var hasEnded = false
    /// Whether it asks if more can come after a run's last event.
    private var looksForEnd = true

    /// How long one read waits for something to happen.
    private static let longestWait = Duration.seconds(10)

    init(log: RunLog, position: StreamPosition) {
        self.log = log
        reader = log.source.reader(of: log.stream.key)
        self.position = position
        check = SequenceCheck(conversationID: log.conversationID)
    }

    /// The entry of the next event, if that is there already.
    var bufferedID: StreamID? { buffer.first?.id }

    /// The next event, or what there is in its place.
    ///
    /// Without `waiting` it is ``RunStep/idle`` as soon as nothing more is there.
    mutating func step(waiting: Bool) async throws -> RunStep {
        while !hasEnded {
            try Task.checkCancellation()
            if let event = buffer.popFirst() { return .event(try await deliver(event)) }
            if try await !fill(waiting: waiting) { return .idle }
        }
        return .end
    }

    /// A second walk from where this one stands, straight from Redis, that leaves it to this one to find the end.
    func again() -> LiveRunEvents {
        var copy = self
        copy.looksForEnd = false
        copy.reader = log.redis.reader(of: log.stream.key)
        return copy
    }

    /// Turns the position into an ID, once, and makes sure that nothing right after it is gone.
    mutating func start() async throws -> StreamID {
        if let cursor { return cursor }
        let start: StreamID
        switch position {
        case .beginning: start = .zero
        case .now: start = try await log.patiently { try await log.stream.lastID() } ?? .zero
        case .after(let id):
            start = id
            check = SequenceCheck(
                conversationID: log.conversationID, after: try await log.patiently { try await log.sequence(at: id) })
        }
        cursor = start
        return start
    }

    private mutating func deliver(_ event: RunEvent) async throws -> RunEvent {
        try check.take(event)
        cursor = event.id
        if looksForEnd, event.isLast, buffer.isEmpty {
            hasEnded = try await log.patiently { try await log.standing(after: event.id) } == .over
        }
        return event
    }

    /// Reads on; false if there is nothing although it did not wait.
    private mutating func fill(waiting: Bool) async throws -> Bool {
        let start = try await start()
        let wait: ReadWait = mayWait && waiting ? .atMost(min(Self.longestWait, log.retention.timeToLive)) : .no
        let entries = try await read(after: start, wait: wait)
        mayWait = true
        guard entries.isEmpty else { return true }
        switch try await log.patiently({ try await log.standing(after: start) }) {
        case .over: hasEnded = true
        case .open: return waiting
        case .gone: throw RunLogError.expired(conversationID: log.conversationID)
        case .further:
            // Something was written after the read, or it was written and is gone.
            let entries = try await read(after: start, wait: .no)
            guard !entries.isEmpty else { throw RunLogError.trimmed(conversationID: log.conversationID) }
        }
        return true
    }

    private mutating func read(after start: StreamID, wait: ReadWait) async throws -> [StreamEntry] {
        let limit = page.entries
        let entries = try await log.patiently { try await reader.read(after: start, limit: limit, wait: wait) }
        page.learn(from: entries)
        buffer = entries.runEvents[...]
        return entries
    }
}
