import StreamKit

/// Walks through the events of a conversation, each chunk of text once it is sure that it counts.
///
/// A scout runs ahead through the live events and only notes where sealed text ends. A second walk delivers what is
/// sealed, so a viewer costs the same memory however long an answer is.
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
    /// The newest event that the scout saw, or where it began.
    private var seen = StreamID.zero
    /// For each run with text that is not sealed: the event right before the first such chunk.
    private var unsealed: [Int: StreamID] = [:]
    private var superseded: [Superseded] = []
    /// Follows the scout as far as everything is sealed; what it has read may go further.
    private var delivery: LiveRunEvents

    init(_ scout: LiveRunEvents) { (self.scout, delivery) = (scout, scout) }

    /// The entry of the next event, if that is there already.
    var bufferedID: StreamID? { delivery.bufferedID.flatMap { $0 <= sealedEnd ? $0 : nil } }

    /// The newest entry up to which no text can be taken back.
    private var sealedEnd: StreamID { unsealed.values.min() ?? seen }

    /// The next event, or what there is in its place, as ``LiveRunEvents/step(waiting:)`` says it.
    mutating func step(waiting: Bool) async throws -> RunStep {
        if delivery.cursor == nil {
            seen = try await scout.start()
            delivery = scout.again()
        }
        while true {
            try Task.checkCancellation()
            if scout.bufferedID != nil, scoutFailure == nil {
                _ = await scoutAhead(waiting: false)
            } else if let event = try await nextSealed() {
                if !isSuperseded(event) { return .event(event) }
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
        let before = seen
        seen = event.id
        if event.kind == .text {
            guard event.mayBeSuperseded, unsealed[event.run] == nil else { return }
            unsealed[event.run] = before
        } else {
            unsealed[event.run] = nil
            guard event.kind == .attempt, let last = event.lastValidID else { return }
            superseded.append(Superseded(run: event.run, after: last, before: event.id))
        }
    }

    /// Delivers the next event; `nil` if nothing more is sealed.
    private mutating func nextSealed() async throws -> RunEvent? {
        guard bufferedID != nil || delivery.cursor ?? .zero < sealedEnd else { return nil }
        // The scout has seen the end, so it was there.
        guard case .event(let event) = try await delivery.step(waiting: false), event.id <= sealedEnd else {
            throw RunLogError.trimmed(conversationID: scout.log.conversationID)
        }
        if event.kind == .attempt { superseded.removeAll { $0.before <= event.id } }
        return event
    }

    private func isSuperseded(_ event: RunEvent) -> Bool {
        event.kind == .text
            && superseded.contains { $0.run == event.run && $0.after < event.id && event.id < $0.before }
    }
}
