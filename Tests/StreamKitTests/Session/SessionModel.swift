import FaultKit

@testable import StreamKit

/// Callers, a socket, a server and a clock around a `SessionState`, all moved by one seeded generator.
///
/// Each command carries its ticket as its bytes, and each reply the ticket that it answers, so the model can tell
/// what was sent when, and who got what.
struct SessionModel: ~Copyable {
    /// What the model knows of a command that was submitted and has not ended.
    private struct Command {
        let replies: Int
        let padding: Int
        let deadline: UInt64
        let batch: BatchReplies?
        var isCancelled = false
    }

    private final class Writer {
        var bytes = ByteBuffer(capacity: 0)
        var attempt: UInt64 = 0
    }

    private var random: SeededGenerator
    private var state: SessionState
    private var now: UInt64 = 1
    private var lastTicket: UInt64 = 0
    private let reconnects: Bool

    private var waiting: [UInt64: Command] = [:]
    /// Told to submit again, and not yet back.
    private var admitted: [(UInt64, Command)] = []
    private var firstSent: [UInt64: UInt64] = [:]

    private var connecting: [UInt64] = []
    private var wantsWrite = false
    private var writer: Writer?
    private var inlineReader: UInt64?
    private var wire: [UInt8] = []
    private var wireStart = 0
    /// Replies that the server owes: tickets, in order.
    private var owed: [UInt64] = []

    private(set) var steps = 0
    private(set) var faults: [String] = []
    private(set) var tally: [String: Int] = [:]

    init(seed: UInt64, reconnects: Bool = true) {
        random = SeededGenerator(seed: seed)
        self.reconnects = reconnects
        state = SessionState(
            .init(reconnects: reconnects, limit: 400, connectTimeout: 500, idleTimeout: reconnects ? .max : 2_000))
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func fault(_ text: String) {
        if faults.count < 10 { faults.append("step \(steps): \(text)") }
    }

    // MARK: Steps

    mutating func step() {
        steps += 1
        now += 1
        switch Int.random(in: 0..<16, using: &random) {
        case 0...2: if admitted.isEmpty || chance(3) { submitNew() } else { submitAgain() }
        case 3, 4: if admitted.isEmpty { submitNew() } else { submitAgain() }
        case 5: cancelOne()
        case 6: if !connecting.isEmpty { finishConnecting(succeeds: !chance(3)) }
        case 7...9: write(all: !chance(3))
        case 10...13: answer(most: chance(3) ? 8 : 1)
        case 14: read()
        default: rare()
        }
        check()
    }

    private mutating func rare() {
        if state.interest.writes {
            perform(state.writable())
        } else if chance(20) {
            breakConnection()
        } else {
            perform(state.tick(now))
        }
    }

    /// Lets everything end well, then closes: nobody may be left.
    mutating func finish() {
        for _ in 0..<3_000 where !(waiting.isEmpty && admitted.isEmpty && state.slots.isEmpty) {
            now += 1
            while !admitted.isEmpty { submitAgain() }
            if !connecting.isEmpty { finishConnecting(succeeds: true) }
            if state.interest.writes { perform(state.writable()) }
            write(all: true)
            answer(most: 50)
            read()
            perform(state.tick(now))
            check()
        }
        if state.phase != .closed {
            if !waiting.isEmpty { fault("\(waiting.count) tasks still wait") }
            if !state.slots.isEmpty || !state.admission.isFree { fault("something is left in flight or in line") }
        }
        perform(state.close())
        if !waiting.isEmpty { fault("\(waiting.count) tasks were not resumed by the end") }
    }

    private mutating func submitNew() {
        lastTicket += 1
        let replies = chance(5) ? Int.random(in: 2...4, using: &random) : 1
        var command = Command(
            replies: replies, padding: Int.random(in: 0...12, using: &random),
            deadline: chance(50) ? now + UInt64.random(in: 1...400, using: &random) : now + 3_000,
            batch: replies == 1 ? nil : BatchReplies(expecting: replies))
        // Now and then the cancellation is quicker than the command.
        if chance(30) {
            command.isCancelled = true
            perform(state.cancel(lastTicket))
        }
        submit(lastTicket, command)
    }

    private mutating func submitAgain() {
        guard !admitted.isEmpty else { return }
        let (ticket, command) = admitted.removeFirst()
        submit(ticket, command)
    }

    private mutating func submit(_ ticket: UInt64, _ command: Command) {
        waiting[ticket] = command
        let slot = CommandSlot(ticket: ticket, deadline: command.deadline, waiter: nil, batch: command.batch)
        let time = now
        let effects = state.submit(slot, isCancelled: command.isCancelled, { time }) { buffer in
            for _ in 0..<command.replies {
                buffer.write(atMost: 8 + 4 * command.padding) { memory in
                    memory.storeBytes(of: UInt32(ticket), as: UInt32.self)
                    memory.storeBytes(of: UInt32(command.padding), toByteOffset: 4, as: UInt32.self)
                    for index in 0..<command.padding {
                        memory.storeBytes(of: UInt32(ticket), toByteOffset: 8 + 4 * index, as: UInt32.self)
                    }
                    return 8 + 4 * command.padding
                }
            }
        }
        if effects.readInline { inlineReader = state.attempt }
        perform(effects)
    }

    private mutating func cancelOne() {
        let ticket = lastTicket - min(lastTicket, UInt64.random(in: 0...12, using: &random))
        let place = admitted.firstIndex { $0.0 == ticket }
        guard waiting[ticket] != nil || place != nil else { return }
        tally["cancelled", default: 0] += 1
        if let place { admitted[place].1.isCancelled = true }
        perform(state.cancel(ticket))
    }

    private mutating func finishConnecting(succeeds: Bool) {
        let attempt = connecting.removeFirst()
        if succeeds {
            let (isWanted, effects) = state.connected(attempt, now)
            if isWanted { (wire, wireStart, owed, inlineReader) = ([], 0, [], nil) }
            perform(effects)
        } else {
            let isTransient = !chance(4)
            perform(
                state.connectFailed(attempt, isTransient ? .cannotConnect("no") : .unexpectedReply("no"), now) { _ in 5
                })
        }
    }

    private mutating func breakConnection() {
        tally["broken", default: 0] += 1
        let attempt = chance(5) ? state.attempt &- 1 : state.attempt
        perform(state.lost(attempt, .connectionLost("cut", outcomeUnknown: true), now))
    }

    // MARK: The socket

    /// Begins or ends one write; others happen in between.
    private mutating func write(all: Bool) {
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
    private mutating func takeCommands() {
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

    private mutating func answer(most: Int) {
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

    private mutating func read() {
        if let attempt = inlineReader {
            inlineReader = nil
            perform(state.endReading(attempt, missed: chance(2)))
        } else if state.beginReading() {
            perform(state.endReading(state.attempt))
        }
    }

    // MARK: What follows

    private mutating func perform(_ effects: Effects) {
        if effects.write || effects.readInline { wantsWrite = true }
        if effects.connect { connecting.append(state.attempt) }
        for resumption in effects.resume {
            let ticket = resumption.slot.ticket
            if resumption.slot.isAwaited {
                resumed(ticket, resumption.outcome)
            } else {
                late(ticket, resumption.outcome)
            }
        }
    }

    private mutating func resumed(_ ticket: UInt64, _ outcome: Result<Replies, any Error>) {
        guard let command = waiting.removeValue(forKey: ticket) else { return fault("\(ticket) was resumed twice") }
        switch outcome {
        case .success(.admitted):
            tally["admitted", default: 0] += 1
            admitted.append((ticket, command))
        case .success(let replies):
            tally["answered", default: 0] += 1
            check(replies, ticket, command.replies)
        case .failure:
            tally["failed", default: 0] += 1
        }
    }

    private mutating func late(_ ticket: UInt64, _ outcome: Result<Replies, any Error>) {
        guard case .success(let replies) = outcome else { return }
        tally["answered late", default: 0] += 1
        for reply in replies.all where reply.integer != Int(ticket) { fault("\(ticket) got another's reply") }
    }

    private mutating func check(_ replies: Replies, _ ticket: UInt64, _ count: Int) {
        if replies.all.count != count { fault("\(ticket) got \(replies.all.count) replies, not \(count)") }
        for reply in replies.all where reply.integer != Int(ticket) { fault("\(ticket) got another's reply") }
    }

    private mutating func check() {
        if state.bytesInFlight >= 2 * 400 { fault("\(state.bytesInFlight) bytes are in flight") }
        if state.admission.count > 0, admitted.isEmpty, state.slots.isEmpty { fault("callers wait for nothing") }
        guard state.isReady, let oldest = state.slots.first else { return }
        if !state.interest.reads, inlineReader == nil { fault("nobody will read the reply to \(oldest.ticket)") }
        if state.mayWrite, !wantsWrite, oldest.start >= state.written { fault("nobody will write \(oldest.ticket)") }
    }
}
