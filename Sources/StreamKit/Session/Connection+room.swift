import DequeModule
import Synchronization

// Back-pressure: while too much is in flight, callers wait in line before they encode anything.
extension Connection {
    /// The line of callers that wait for room, first come, first served.
    struct Room {
        private struct Place {
            let ticket: UInt64
            let deadline: UInt64
            let waiter: CommandSlot.Waiter
        }

        private var line = Deque<Place>()
        /// Who left the line last and is about to send.
        ///
        /// One at a time, so that what is in flight never exceeds the limit by more than one command.
        private var turn: UInt64?

        /// How many callers wait.
        var count: Int { line.count }

        var isFree: Bool { turn == nil && line.isEmpty }

        /// Whether it was the turn of this caller, which thereby ends.
        mutating func endTurn(of ticket: UInt64) -> Bool {
            guard turn == ticket else { return false }
            turn = nil
            return true
        }

        mutating func join(_ ticket: UInt64, _ deadline: UInt64, _ waiter: CommandSlot.Waiter) {
            line.append(Place(ticket: ticket, deadline: deadline, waiter: waiter))
        }

        mutating func callNext() -> CommandSlot.Waiter? {
            guard turn == nil, let next = line.popFirst() else { return nil }
            turn = next.ticket
            return next.waiter
        }

        mutating func leave(_ ticket: UInt64) -> CommandSlot.Waiter? {
            guard let index = line.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return line.remove(at: index).waiter
        }

        mutating func leaveAll(before now: UInt64 = .max) -> [CommandSlot.Waiter] {
            guard line.contains(where: { $0.deadline <= now }) else { return [] }
            defer { line.removeAll { $0.deadline <= now } }
            return line.filter { $0.deadline <= now }.map(\.waiter)
        }
    }

    /// Waits in line until it is this command's turn to be sent.
    func waitForRoom(_ ticket: UInt64, _ deadline: UInt64) async throws {
        _ = try await withUnsafeThrowingContinuation { (waiter: CommandSlot.Waiter) in
            var next: CommandSlot.Waiter?
            let error: (any Error)? = state.withLock { state in
                if state.cancelledBeforeSending.remove(ticket) != nil { return CancellationError() }
                if case .closed = state.phase { return StreamKitError.closed }
                state.room.join(ticket, deadline, waiter)
                // There may be room by now, and nothing in flight any more that would bring the news.
                next = state.nextInLine(below: configuration.maximumBytesInFlight)
                return nil
            }
            if let error { waiter.resume(throwing: error) }
            next?.resume(returning: .noRoom)
        }
    }

    /// Fails callers that waited in line until their deadline, and calls the next one if there is room.
    func endWaitsForRoom(_ now: UInt64) {
        let (late, next) = state.withLock { state in
            guard !state.room.isFree else { return ([CommandSlot.Waiter](), nil as CommandSlot.Waiter?) }
            return (state.room.leaveAll(before: now), state.nextInLine(below: configuration.maximumBytesInFlight))
        }
        for waiter in late { waiter.resume(throwing: lateness) }
        next?.resume(returning: .noRoom)
    }
}

extension Connection.State {
    /// Bytes encoded and not answered yet; as replies come in order, that is all since the oldest command.
    var bytesInFlight: Int {
        guard let oldest = slots.first else { return 0 }
        return Int(encoded - oldest.start)
    }

    @inline(__always)
    func hasRoom(below limit: Int) -> Bool {
        room.isFree && bytesInFlight < limit
    }

    @inline(__always)
    mutating func nextInLine(below limit: Int) -> CommandSlot.Waiter? {
        if room.isFree || bytesInFlight >= limit { return nil }
        return room.callNext()
    }
}
