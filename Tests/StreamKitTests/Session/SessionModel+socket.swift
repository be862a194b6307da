@testable import StreamKit

// The model's socket and server: bytes arrive whole or in part, and replies come one by one or many at a time.
extension SessionModel {
    /// Begins or ends one write; others happen in between.
    mutating func write(all: Bool) {
        if let writer {
            let isCurrent = state.isCurrent(writer.attempt)
            let count = all ? writer.bytes.count : Int.random(in: 0...writer.bytes.count, using: &random)
            if isCurrent { writer.bytes.withBytes { wire.append(contentsOf: $0.prefix(count)) } }
            perform(state.wrote(count, of: &writer.bytes, writer.attempt))
            self.writer = nil
            if isCurrent { takeCommands() }
            if count == 0 || !isCurrent { return }
        } else if !wantsWrite {
            return
        }
        let next = Writer()
        wantsWrite = false
        guard state.takeOutgoing(into: &next.bytes) else { return }
        next.attempt = state.attempt
        writer = next
    }

    /// What arrived whole is carried out by the server; what arrived in part counts as sent, too.
    mutating func takeCommands() {
        while wire.count - wireStart >= 8 {
            let (ticket, padding) = wire.withUnsafeBytes {
                (
                    UInt64($0.loadUnaligned(fromByteOffset: wireStart, as: UInt32.self)),
                    Int($0.loadUnaligned(fromByteOffset: wireStart + 4, as: UInt32.self))
                )
            }
            if padding > 12 || ticket == 0 || ticket > lastTicket { return fault("the bytes are out of step") }
            if let before = firstSent.updateValue(state.attempt, forKey: ticket), before != state.attempt {
                fault("\(ticket) was sent twice")
            }
            guard wire.count - wireStart >= 8 + 4 * padding else { return }
            wireStart += 8 + 4 * padding
            owed.append(ticket)
        }
    }

    mutating func answer(most: Int) {
        guard state.isReady, inlineReader != nil || state.interest.reads || most > 1 else { return }
        let isInline = inlineReader != nil
        guard !owed.isEmpty, isInline || state.beginReading() else { return }
        let count = Int.random(in: 1...max(1, min(most, owed.count)), using: &random)
        var tickets = Array(owed.prefix(count))
        owed.removeFirst(count)
        // A server that says more than it was asked.
        let isAllSent = state.outgoing.isEmpty && writer == nil && wireStart == wire.count
        if owed.isEmpty, isAllSent, state.slots.count <= 1, chance(400) { tickets.append(0) }
        let tokens = tickets.map { ReplyStorage.Token(value: Int($0), offset: 0, kind: .integer) }
        let storage = ReplyStorage(
            copying: tokens, count: tokens.count, text: UnsafeRawBufferPointer(start: nil, count: 0))
        let (time, attempt) = (now, state.attempt)
        let effects = state.received(storage, Array(tickets.indices), attempt) { time }
        if !effects.keepReading { inlineReader = nil }
        perform(effects)
        if effects.keepReading, !isInline { perform(state.endReading(attempt)) }
    }

    mutating func read() {
        if let attempt = inlineReader {
            inlineReader = nil
            perform(state.endReading(attempt, missed: chance(2)))
        } else if state.beginReading() {
            perform(state.endReading(state.attempt))
        }
    }
}
