import FaultKit
import Testing

@testable import StreamKit

/// Admission alone: no connection, no task, no clock.
@Suite("Admission")
struct AdmissionTests {
    @Test(arguments: 0..<20)
    func `whatever callers do, nobody waits while nothing is in flight`(seed: UInt64) {
        var model = Model(seed: seed)
        for _ in 0..<5_000 { model.step() }
        model.finish()

        #expect(model.faults == [])
        // A run in which nobody waited would prove nothing.
        #expect(model.waits > 100)
    }

    @Test func `an admission that is never used ends at its caller's deadline`() {
        var admission = Admission(limit: 10)
        for ticket in 1...2 { _ = admission.enter(.test(UInt64(ticket), deadline: UInt64(ticket)), bytesInFlight: 10) }
        let first = admission.admitNext(bytesInFlight: 0)
        let meanwhile = admission.admitNext(bytesInFlight: 0)

        let late = admission.expire(1)

        let second = admission.admitNext(bytesInFlight: 0)
        #expect((first?.ticket, meanwhile?.ticket, late.count, second?.ticket) == (1, nil, 0, 2))
    }

    @Test func `a caller that comes late does not overtake those that wait`() {
        var admission = Admission(limit: 10)
        let early = admission.enter(.test(1), bytesInFlight: 10)
        let late = admission.enter(.test(2), bytesInFlight: 0)
        let first = admission.admitNext(bytesInFlight: 0)
        let latest = admission.enter(.test(3), bytesInFlight: 0)
        let again = admission.enter(.test(1), bytesInFlight: 0)
        let second = admission.admitNext(bytesInFlight: 0)

        #expect((early, late, latest, again) == (false, false, false, true))
        #expect((first?.ticket, second?.ticket) == (1, 2))
    }
}

/// Callers that come, wait, give up, never come back or are answered, in a random order.
private struct Model {
    private static let limit = 1_000
    private var random: SeededGenerator
    private var admission = Admission(limit: limit)
    private var now: UInt64 = 0
    private var nextTicket: UInt64 = 0
    /// Who waits, in the order they came.
    private var waiting: [CommandSlot] = []
    /// Who was told to enter and has not done so yet.
    private var called: [CommandSlot] = []
    /// Whose admission keeps the others waiting.
    private var holder: CommandSlot?
    private var inFlight: [Int] = []
    private(set) var waits = 0
    private(set) var faults: [String] = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private var bytes: Int { inFlight.reduce(0, +) }

    mutating func step() {
        now += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            nextTicket += 1
            enter(.test(nextTicket, deadline: now + UInt64.random(in: 1...400, using: &random)))
        case 4, 5: if !inFlight.isEmpty { inFlight.removeFirst() }
        case 6: if let slot = waiting.randomElement(using: &random) { leave(slot) }
        case 7: if !called.isEmpty { enter(called.removeFirst()) }
        case 8:
            // Some come back only to withdraw, and some never do.
            if let slot = called.popLast(), Bool.random(using: &random) {
                admission.withdraw(slot.ticket)
                if holder?.ticket == slot.ticket { holder = nil }
            }
        default:
            if let holder, holder.deadline <= now { self.holder = nil }
            for slot in admission.expire(now) { gone(slot) }
            if Int.random(in: 0..<50, using: &random) == 0 { inFlight = [] }
        }
        admit()
        check()
    }

    /// Lets everybody come back, and time pass.
    mutating func finish() {
        inFlight = []
        now += 1_000
        for slot in admission.expire(now) { gone(slot) }
        if !waiting.isEmpty || !admission.isFree { faults.append("at the end somebody waits, or is expected") }
    }

    private mutating func enter(_ slot: CommandSlot) {
        let before = bytes
        if holder?.ticket == slot.ticket { holder = nil }
        if admission.enter(slot, bytesInFlight: before) {
            if before >= 2 * Self.limit { faults.append("\(before) bytes were in flight already") }
            inFlight.append(Int.random(in: 1...Self.limit, using: &random))
        } else {
            waits += 1
            waiting.append(slot)
        }
    }

    private mutating func leave(_ slot: CommandSlot) {
        if admission.leave(slot.ticket)?.ticket != slot.ticket { faults.append("\(slot.ticket) could not leave") }
        gone(slot)
    }

    private mutating func gone(_ slot: CommandSlot) {
        guard let index = waiting.firstIndex(where: { $0.ticket == slot.ticket }) else {
            faults.append("\(slot.ticket) left twice")
            return
        }
        waiting.remove(at: index)
    }

    private mutating func admit() {
        guard let slot = admission.admitNext(bytesInFlight: bytes) else { return }
        if waiting.first?.ticket != slot.ticket { faults.append("\(slot.ticket) was admitted out of turn") }
        gone(slot)
        called.append(slot)
        holder = slot
    }

    private mutating func check() {
        if admission.count != waiting.count { faults.append("\(admission.count) wait, not \(waiting.count)") }
        if bytes < Self.limit, !waiting.isEmpty, holder == nil { faults.append("there is room, and nobody is called") }
    }
}
