import StreamKit

/// Walks through the events of a conversation, each chunk of text once it is sure that it counts.
///
/// A scout runs ahead through the live events and only notes where sealed text ends. What is sealed is then read from
/// the log, so a viewer costs the same memory however long an answer is.
struct CommittedRunEvents: RunWalk {
    /// Text of a run that no later attempt counts.
    private struct Superseded {
        let run: Int
        let after: StreamID
        let before: StreamID
    }

    private var scout: LiveRunEvents
    private var scoutHasEnded = false
    /// Why the scout cannot go on.
    ///
    /// It is told once everything before it was delivered.
    private var scoutFailure: (any Error)?
    /// The newest event that the scout saw.
    private var seen: StreamID?
    /// For each run with text that is not sealed: the event right before the first such chunk.
    private var unsealed: [Int: StreamID] = [:]
    private var superseded: [Superseded] = []

    /// How far the log was read for delivery.
    private var delivered: StreamID?
    private var check: SequenceCheck
    private var page: ArraySlice<RunEvent> = []
    /// The entry of the next event, if that is there already.
    var bufferedID: StreamID? { page.first?.id }
    private var pageSize = PageSize()

    init(_ scout: LiveRunEvents) {
        self.scout = scout
        check = SequenceCheck(conversationID: scout.log.conversationID)
    }

    /// The next event, or what there is in its place, as ``LiveRunEvents/step(waiting:)`` says it.
    mutating func step(waiting: Bool) async throws -> RunStep {
        while true {
            try Task.checkCancellation()
            if let event = page.popFirst() {
                try check.take(event)
                if !isSuperseded(event) { return .event(event) }
            } else if scout.bufferedID != nil, scoutFailure == nil {
                _ = await scoutAhead(waiting: false)
            } else if let sealed = try await sealedRest() {
                try await readPage(after: sealed.start, through: sealed.end)
            } else if let scoutFailure {
                throw scoutFailure
            } else if scoutHasEnded {
                return .end
            } else if await scoutAhead(waiting: waiting), !waiting {
                return .idle
            }
        }
    }

    /// Takes a look at the next live event; true if there is none yet.
    private mutating func scoutAhead(waiting: Bool) async -> Bool {
        do {
            switch try await scout.step(waiting: waiting) {
            case .event(let event): note(event)
            case .idle: return true
            case .end:
                scoutHasEnded = true
                // Nobody is left to take anything back.
                unsealed = [:]
            }
        } catch {
            scoutFailure = error
        }
        return false
    }

    private mutating func note(_ event: RunEvent) {
        let before = seen ?? .zero
        seen = event.id
        if event.kind == .text {
            guard event.mayBeSuperseded, unsealed[event.run] == nil else { return }
            unsealed[event.run] = Swift.max(before, delivered ?? .zero)
        } else {
            unsealed[event.run] = nil
            guard event.kind == .attempt, let last = event.lastValidID else { return }
            superseded.append(Superseded(run: event.run, after: last, before: event.id))
        }
    }

    /// What is sealed and not read yet.
    private mutating func sealedRest() async throws -> (start: StreamID, end: StreamID)? {
        let start: StreamID
        if let delivered {
            start = delivered
        } else {
            (start, check) = try await scout.start()
            delivered = start
        }
        guard let end = unsealed.values.min() ?? seen, end > start else { return nil }
        return (start, end)
    }

    private mutating func readPage(after start: StreamID, through end: StreamID) async throws {
        let (log, limit) = (scout.log, pageSize.entries)
        let entries = try await log.patiently {
            try await log.stream.entries(from: .after(start), to: .id(end), limit: limit)
        }
        // The scout has seen the end, so it was there.
        guard let last = entries.last else { throw RunLogError.trimmed(conversationID: log.conversationID) }
        pageSize.learn(from: entries)
        page = entries.runEvents[...]
        delivered = last.id
        superseded.removeAll { $0.before <= start }
    }

    private func isSuperseded(_ event: RunEvent) -> Bool {
        event.kind == .text
            && superseded.contains { $0.run == event.run && $0.after < event.id && event.id < $0.before }
    }
}
