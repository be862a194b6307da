import StreamKit

/// The events of a conversation, from a position on, while they happen.
///
/// Ends after the last event of the newest accepted run. Throws ``RunLogError/expired(conversationID:)`` when the
/// log is not or no longer there, ``RunLogError/trimmed(conversationID:)`` when events between the position and
/// the next one were trimmed away. Survives lost connections; ends when its task is cancelled.
public struct RunEvents: AsyncSequence, Sendable {
    /// What the sequence is made of.
    public typealias Element = RunEvent

    let log: RunLog
    let position: StreamPosition

    /// Begins to follow, at the position given.
    public func makeAsyncIterator() -> Iterator {
        Iterator(log: log, position: position)
    }

    /// Walks through the events, waiting for those that have not happened yet.
    public struct Iterator: AsyncIteratorProtocol {
        private let log: RunLog
        private let position: StreamPosition
        private var cursor: StreamID?
        private var lastSequence: Int?
        private var buffer: ArraySlice<RunEvent> = []
        private var mayWait = false
        private var hasEnded = false

        init(log: RunLog, position: StreamPosition) {
            self.log = log
            self.position = position
        }

        /// The next event, or `nil` after the last.
        public mutating func next() async throws -> RunEvent? {
            while !hasEnded {
                try Task.checkCancellation()
                if let event = buffer.popFirst() { return try await deliver(event) }
                try await fill()
            }
            return nil
        }

        private mutating func deliver(_ event: RunEvent) async throws -> RunEvent {
            if let lastSequence, event.sequence >= 0, event.sequence != lastSequence + 1 {
                throw event.sequence > lastSequence
                    ? RunLogError.trimmed(conversationID: log.conversationID)
                    : RunLogError.expired(conversationID: log.conversationID)
            }
            lastSequence = event.sequence >= 0 ? event.sequence : nil
            cursor = event.id
            if event.isLast, buffer.isEmpty { hasEnded = try await patiently { try await $0.isOver(after: event.id) } }
            return event
        }

        private mutating func fill() async throws {
            let start = try await startOnce()
            let wait: ReadWait = mayWait ? .atMost(Swift.min(.seconds(5), log.retention.timeToLive)) : .no
            let entries = try await patiently { try await $0.stream.read(after: start, limit: 256, wait: wait) }
            buffer = entries.map(RunEvent.init)[...]
            mayWait = true
            guard entries.isEmpty else { return }
            guard try await patiently({ try await $0.exists() }) else {
                throw RunLogError.expired(conversationID: log.conversationID)
            }
            hasEnded = try await patiently { try await $0.isOver(after: start) }
        }

        /// Turns the position into an ID, once, and makes sure that nothing right after it is gone.
        private mutating func startOnce() async throws -> StreamID {
            if let cursor { return cursor }
            let start: StreamID
            switch position {
            case .beginning: start = .zero
            case .now: start = try await patiently { try await $0.stream.lastID() } ?? .zero
            case .after(let id):
                start = id
                lastSequence = try await patiently { try await $0.sequence(at: id) }
            }
            cursor = start
            return start
        }

        /// Tries again for half a minute while Redis is away, then gives the reason.
        private func patiently<Value>(_ body: (RunLog) async throws -> Value) async throws -> Value {
            let giveUp = ContinuousClock.now + .seconds(30)
            var pause = Duration.milliseconds(50)
            while true {
                do {
                    return try await body(log)
                } catch let error as StreamKitError where error.mayPass && ContinuousClock.now < giveUp {
                    try await Task.sleep(for: pause)
                    pause = Swift.min(pause * 2, .seconds(1))
                }
            }
        }
    }
}

extension RunLog {
    /// Whether no event can come after this one, because no accepted run is open and nothing newer is there.
    func isOver(after id: StreamID) async throws -> Bool {
        let state = try await redis.send("HMGET", stateKey, "open", "last_id").elements ?? []
        guard state.count == 2, let last = state[1].text.flatMap(StreamID.init) else {
            // Another program's stream has no state of ours; there the newest entry itself says whether it is the end.
            guard let newest = try await stream.entriesReversed(limit: 1).first else { return false }
            return newest.id <= id && RunEvent(newest).isLast
        }
        return state[0].text == "0" && last <= id
    }

    /// The sequence of the event at a cursor, `nil` if nothing can be said and nothing is missing.
    ///
    /// - Throws: ``RunLogError/trimmed(conversationID:)`` if the entry is gone and others after it as well.
    func sequence(at id: StreamID) async throws -> Int? {
        if let entry = try await stream.entries(from: .id(id), to: .id(id), limit: 1).first {
            let sequence = RunEvent(entry).sequence
            return sequence >= 0 ? sequence : nil
        }
        guard let oldest = try await stream.entries(limit: 1).first.map(RunEvent.init) else { return nil }
        if oldest.id > id, oldest.sequence > 0, id != .zero {
            throw RunLogError.trimmed(conversationID: conversationID)
        }
        return nil
    }
}
