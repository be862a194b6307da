import DequeModule

/// Bounds the bytes in flight on a connection: beyond the limit callers wait, first come, first served.
///
/// A caller that waits has encoded nothing. Below the limit, the first one is *admitted*: its task is resumed, and
/// enters when it sends. Callers are admitted one at a time, so that at most one command ever exceeds the limit.
///
/// An admission cannot be lost: it ends when its caller enters, whatever becomes of the command after that. If the
/// caller never enters, it ends at the caller's deadline.
struct Admission {
    /// The number of bytes in flight from which on callers wait.
    let limit: Int
    private var waiters = Deque<CommandSlot>()
    private var admitted: Admitted?

    private struct Admitted {
        let ticket: UInt64
        let deadline: UInt64
    }

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// How many callers wait.
    var count: Int { waiters.count }

    /// Whether nobody waits, and everybody who was admitted has entered.
    var isFree: Bool { admitted == nil && waiters.isEmpty }

    /// Lets a caller in, or makes it wait; true if it may send now.
    ///
    /// If it had been admitted, its admission ends here.
    @inline(__always)
    mutating func enter(_ slot: CommandSlot, bytesInFlight: Int) -> Bool {
        if isFree, bytesInFlight < limit { return true }
        return enterInTurn(slot, bytesInFlight)
    }

    private mutating func enterInTurn(_ slot: CommandSlot, _ bytesInFlight: Int) -> Bool {
        if withdraw(slot.ticket) || (isFree && bytesInFlight < limit) { return true }
        waiters.append(slot)
        return false
    }

    /// Ends the admission of a caller that will not enter; true if it had one.
    @discardableResult
    mutating func withdraw(_ ticket: UInt64) -> Bool {
        guard admitted?.ticket == ticket else { return false }
        admitted = nil
        return true
    }

    /// Admits the first caller if the limit allows; it is then resumed, and should enter.
    @inline(__always)
    mutating func admitNext(bytesInFlight: Int) -> CommandSlot? {
        if isFree || bytesInFlight >= limit { return nil }
        guard admitted == nil, let next = waiters.popFirst() else { return nil }
        admitted = Admitted(ticket: next.ticket, deadline: next.deadline)
        return next
    }

    /// Removes a caller that waits.
    mutating func leave(_ ticket: UInt64) -> CommandSlot? {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiters.remove(at: index)
    }

    /// Removes the callers that waited until their deadline, and ends an admission that nobody used.
    mutating func expire(_ now: UInt64) -> [CommandSlot] {
        guard !isFree else { return [] }
        if let admitted, admitted.deadline <= now { self.admitted = nil }
        guard waiters.contains(where: { $0.deadline <= now }) else { return [] }
        defer { waiters.removeAll { $0.deadline <= now } }
        return waiters.filter { $0.deadline <= now }
    }

    /// Removes everybody, because the connection is closed.
    mutating func leaveAll() -> [CommandSlot] {
        defer { (waiters, admitted) = ([], nil) }
        // An array made of an empty deque writes into the one empty array that all threads share (a race, if harmless).
        return waiters.isEmpty ? [] : Array(waiters)
    }
}
