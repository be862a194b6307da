import StreamKit

/// Walks through the events of a conversation as they are written.
struct LiveRunEvents: Sendable {
    let log: RunLog
    let position: StreamPosition
    let whileIdle: @Sendable () async -> Void
    /// The newest event that was delivered, or where to begin.
    private(set) var cursor: StreamID?
    private var check: SequenceCheck
    private var buffer: ArraySlice<RunEvent> = []
    private var page = PageSize()
    private var mayWait = false
    private var hasEnded = false

    /// How long one read waits for something to happen.
    private static let longestWait = Duration.seconds(5)

    init(log: RunLog, position: StreamPosition, whileIdle: @escaping @Sendable () async -> Void) {
        self.log = log
        self.position = position
        self.whileIdle = whileIdle
        check = SequenceCheck(conversationID: log.conversationID)
    }

    /// Whether the next event is there already.
    var hasBuffered: Bool { !buffer.isEmpty }

    mutating func next() async throws -> RunEvent? {
        while !hasEnded {
            try Task.checkCancellation()
            if let event = buffer.popFirst() { return try await deliver(event) }
            try await fill()
        }
        return nil
    }

    /// Turns the position into an ID, once, and makes sure that nothing right after it is gone.
    mutating func start() async throws -> (id: StreamID, check: SequenceCheck) {
        if let cursor { return (cursor, check) }
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
        return (start, check)
    }

    private mutating func deliver(_ event: RunEvent) async throws -> RunEvent {
        try check.take(event)
        cursor = event.id
        if event.isLast, buffer.isEmpty {
            hasEnded = try await log.patiently { try await log.standing(after: event.id) } == .over
        }
        return event
    }

    private mutating func fill() async throws {
        let start = try await start().id
        let wait: ReadWait = mayWait ? .atMost(min(Self.longestWait, log.retention.timeToLive)) : .no
        let entries = try await read(after: start, wait: wait)
        mayWait = true
        guard entries.isEmpty else { return }
        switch try await log.patiently({ try await log.standing(after: start) }) {
        case .over: hasEnded = true
        case .open: if wait != .no { await whileIdle() }
        case .gone: throw RunLogError.expired(conversationID: log.conversationID)
        case .further:
            // Something was written after the read, or it was written and is gone.
            let entries = try await read(after: start, wait: .no)
            guard !entries.isEmpty else { throw RunLogError.trimmed(conversationID: log.conversationID) }
        }
    }

    private mutating func read(after start: StreamID, wait: ReadWait) async throws -> [StreamEntry] {
        let limit = page.entries
        let entries = try await log.patiently { try await log.stream.read(after: start, limit: limit, wait: wait) }
        page.learn(from: entries)
        buffer = entries.runEvents[...]
        return entries
    }
}
