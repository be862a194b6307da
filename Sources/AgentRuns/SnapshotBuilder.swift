import Foundation
import StreamKit

/// Puts a snapshot together, event by event, in bounded memory.
struct SnapshotBuilder {
    private(set) var turns: [ConversationTurn] = []
    private(set) var events: [RunEvent] = []
    private(set) var cursor: StreamID?
    private(set) var isTrimmed = false
    /// Where each chunk of the newest turn's text ends, in bytes.
    private var chunks: [(id: StreamID, end: Int)] = []
    /// The newest event of the newest turn that is not text.
    private var checkpoint: StreamID?
    private var check: SequenceCheck

    private static let mostEvents = 500
    private static let mostEventBytes = 1 << 20
    private static let mostTurns = 200
    private static let mostEarlierBytes = 4 << 20

    init(conversationID: String) { check = SequenceCheck(conversationID: conversationID) }

    mutating func take(_ event: RunEvent) {
        do {
            try check.take(event)
        } catch {
            // Trimmed while it was read: what came before does not join on.
            self = SnapshotBuilder(conversationID: check.conversationID)
            isTrimmed = true
            try? check.take(event)
        }
        if cursor == nil, event.sequence ?? 0 > 0 { isTrimmed = true }
        cursor = event.id
        beginTurn(event.run)
        guard let turn = turns.lastIndex(where: { $0.number == event.run }) else { return }
        let isNewest = turn == turns.count - 1
        if let text = event.text {
            turns[turn].text += text
            let added = Date(timeIntervalSince1970: Double(event.id.milliseconds) / 1000)
            turns[turn].firstTextAt = turns[turn].firstTextAt ?? added
            if isNewest { chunks.append((event.id, turns[turn].text.utf8.count)) }
        } else {
            if let last = event.lastValidID, isNewest { takeBack(after: last) }
            turns[turn].note(event)
            if isNewest { checkpoint = event.id }
            events.append(event)
            if events.count > Self.mostEvents * 2 { dropEvents() }
        }
    }

    /// What was taken; `nil` if there was nothing.
    mutating func snapshot() -> ConversationSnapshot? {
        guard let cursor, let last = turns.last else { return nil }
        dropEvents()
        dropTurns()
        let isOpen = !last.status.isOver && !chunks.isEmpty
        let committed = isOpen ? checkpoint ?? .zero : cursor
        return ConversationSnapshot(
            cursor: cursor, turns: turns, events: events, isTrimmed: isTrimmed,
            committedBytes: isOpen ? length(upTo: committed) : last.text.utf8.count,
            committedCursor: chunks.contains { $0.id > committed } ? committed : cursor)
    }

    private mutating func beginTurn(_ number: Int) {
        guard turns.last?.number ?? 0 < number else { return }
        turns.append(ConversationTurn(number: number))
        chunks = []
        checkpoint = nil
        dropTurns()
    }

    private mutating func takeBack(after id: StreamID) {
        guard let turn = turns.indices.last else { return }
        turns[turn].text = String(decoding: turns[turn].text.utf8.prefix(length(upTo: id)), as: UTF8.self)
        chunks.removeAll { $0.id > id }
    }

    private func length(upTo id: StreamID) -> Int { chunks.last { $0.id <= id }?.end ?? 0 }

    private mutating func dropEvents() {
        var bytes = 0
        var kept = events.suffix(Self.mostEvents)
        if let tooMuch = kept.lastIndex(where: {
            bytes += ($0.data?.utf8.count ?? 0) + ($0.error?.utf8.count ?? 0)
            return bytes > Self.mostEventBytes
        }) {
            kept = kept[(tooMuch + 1)...]
        }
        if kept.count < events.count { isTrimmed = true }
        events = Array(kept)
    }

    private mutating func dropTurns() {
        var bytes = turns.dropLast().reduce(0) { $0 + $1.byteCount }
        while turns.count > 1, turns.count > Self.mostTurns || bytes > Self.mostEarlierBytes {
            bytes -= turns.removeFirst().byteCount
            isTrimmed = true
        }
    }
}

extension ConversationTurn {
    fileprivate var byteCount: Int { text.utf8.count + (prompt?.utf8.count ?? 0) }

    /// What an event that is not text says of its run.
    fileprivate mutating func note(_ event: RunEvent) {
        struct Details: Decodable {
            let agent: String?
            let correlation_id: String?
            let message: String?
            let status: String?
        }
        let details = event.decodeData(Details.self)
        // Accepted, which no worker has anything to do with.
        let isQueued = event.kind == .progress && details?.status == RunStatus.queued.rawValue && startedAt == nil
        if isQueued || event.kind == .taskStarted {
            agent = details?.agent ?? agent
            correlationID = details?.correlation_id ?? correlationID
            prompt = details?.message ?? prompt
        }
        guard !isQueued else { return }
        guard !status.isOver else { return }
        status = RunStatus(after: event.kind)
        if event.isLast {
            endedAt = event.timestamp
            error = event.kind == .taskCompleted ? nil : event.error
        } else {
            startedAt = startedAt ?? event.timestamp
        }
    }
}
