import FaultKit

@testable import StreamKit

/// Callers, a socket, a server and a clock around a `SessionState`, all moved by one seeded generator.
///
/// Each command carries its ticket as its bytes, and each reply the ticket that it answers, so the model can tell
/// what was sent when, and who got what.
struct SessionModel: ~Copyable {
    /// What the model knows of a command that was submitted and has not ended.
    struct Command {
        let replies: Int
        let padding: Int
        let deadline: UInt64
        let batch: BatchReplies?
        var isCancelled = false
    }

    final class Writer {
        var bytes = ByteBuffer(capacity: 0)
        var attempt: UInt64 = 0
    }

    var random: SeededGenerator
    var state: SessionState
    var now: UInt64 = 1
    var lastTicket: UInt64 = 0
    let reconnects: Bool

    var waiting: [UInt64: Command] = [:]
    /// Told to submit again, and not yet back.
    var admitted: [(UInt64, Command)] = []
    var firstSent: [UInt64: UInt64] = [:]

    var connecting: [UInt64] = []
    var wantsWrite = false
    var writer: Writer?
    var inlineReader: UInt64?
    var wire: [UInt8] = []
    var wireStart = 0
    /// Replies that the server owes: tickets, in order.
    var owed: [UInt64] = []

    var steps = 0
    var faults: [String] = []
    var tally: [String: Int] = [:]

    init(seed: UInt64, reconnects: Bool = true) {
        random = SeededGenerator(seed: seed)
        self.reconnects = reconnects
        state = SessionState(
            .init(reconnects: reconnects, limit: 400, connectTimeout: 500, idleTimeout: reconnects ? .max : 2_000))
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func fault(_ text: String) {
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

    mutating func rare() {
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

    mutating func submitNew() {
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

    mutating func submitAgain() {
        guard !admitted.isEmpty else { return }
        let (ticket, command) = admitted.removeFirst()
        submit(ticket, command)
    }

    mutating func submit(_ ticket: UInt64, _ command: Command) {
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

    mutating func cancelOne() {
        let ticket = lastTicket - min(lastTicket, UInt64.random(in: 0...12, using: &random))
        let place = admitted.firstIndex { $0.0 == ticket }
        guard waiting[ticket] != nil || place != nil else { return }
        tally["cancelled", default: 0] += 1
        if let place { admitted[place].1.isCancelled = true }
        perform(state.cancel(ticket))
    }

    mutating func finishConnecting(succeeds: Bool) {
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

    mutating func breakConnection() {
        tally["broken", default: 0] += 1
        let attempt = chance(5) ? state.attempt &- 1 : state.attempt
        perform(state.lost(attempt, .connectionLost("cut", outcomeUnknown: true), now))
    }

    // MARK: What follows

    mutating func perform(_ effects: Effects) {
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

    mutating func resumed(_ ticket: UInt64, _ outcome: Result<Replies, any Error>) {
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

    mutating func late(_ ticket: UInt64, _ outcome: Result<Replies, any Error>) {
        guard case .success(let replies) = outcome else { return }
        tally["answered late", default: 0] += 1
        for reply in replies.all where reply.integer != Int(ticket) { fault("\(ticket) got another's reply") }
    }

    mutating func check(_ replies: Replies, _ ticket: UInt64, _ count: Int) {
        if replies.all.count != count { fault("\(ticket) got \(replies.all.count) replies, not \(count)") }
        for reply in replies.all where reply.integer != Int(ticket) { fault("\(ticket) got another's reply") }
    }

    mutating func check() {
        if state.bytesInFlight >= 2 * 400 { fault("\(state.bytesInFlight) bytes are in flight") }
        if state.admission.count > 0, admitted.isEmpty, state.slots.isEmpty { fault("callers wait for nothing") }
        guard state.isReady, let oldest = state.slots.first else { return }
        if !state.interest.reads, inlineReader == nil { fault("nobody will read the reply to \(oldest.ticket)") }
        if state.mayWrite, !wantsWrite, oldest.start >= state.written { fault("nobody will write \(oldest.ticket)") }
    }
}
