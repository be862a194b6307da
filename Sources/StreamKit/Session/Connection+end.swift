import DequeModule
import Foundation
import Synchronization

// How waiting ends early: cancelled, out of time, or closed.
extension Connection {
    /// Nanoseconds of the monotonic clock.
    static func now() -> UInt64 {
        DispatchTime.now().uptimeNanoseconds
    }

    /// The same clock as of its last tick, some milliseconds ago: good enough for a deadline, and cheap.
    static func roughNow() -> UInt64 {
        #if os(Linux)
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
        #else
        return now()
        #endif
    }

    /// Gives up waiting for a command.
    ///
    /// Its reply, if it still comes, goes to the slot's late-reply handler.
    func cancel(_ ticket: UInt64) {
        let waiter: CommandSlot.Waiter? = state.withLock { state in
            if let index = state.slots.lastIndex(where: { $0.ticket == ticket }) {
                defer { state.slots[index].waiter = nil }
                return state.slots[index].waiter
            }
            if let slot = state.admission.leave(ticket) { return slot.waiter }
            state.cancelledBeforeSending.insert(ticket)
            return nil
        }
        waiter?.resume(throwing: CancellationError())
    }

    /// Shortens the deadline of whatever is under way, because nobody waits for it any more.
    func expire(within duration: Duration) {
        let limit = Self.now() &+ duration.nanoseconds
        state.withLock { state in
            for index in state.slots.indices { state.slots[index].deadline = min(state.slots[index].deadline, limit) }
        }
    }

    /// What the server calls this connection, while it is connected.
    var clientID: Int? {
        state.withLock { state in
            if case .ready(let socket) = state.phase, socket.clientID > 0 { socket.clientID } else { nil }
        }
    }

    /// Ends the connection; whoever waits gets ``StreamKitError/closed``.
    func close() {
        let (slots, queue, socket) = state.withLock { state -> (Deque<CommandSlot>, [CommandSlot], Socket?) in
            var socket: Socket?
            if case .ready(let open) = state.phase { socket = open }
            state.phase = .closed
            state.outgoing.removeAll()
            defer { state.slots.removeAll() }
            return (state.slots, state.admission.leaveAll(), socket)
        }
        IOThread.shared.remove(self)
        if let socket {
            IOThread.shared.forget(socket)
            socket.shutDown()
        }
        for slot in slots { slot.finish(.failure(.closed)) }
        for slot in queue { slot.waiter?.resume(throwing: StreamKitError.closed) }
    }

    /// Looks at deadlines: a command that waited too long fails, and as replies come in order, the
    /// connection is given up with it.
    func tick(_ now: UInt64) {
        reconnectIfDue(now)
        giveUpUnsent(now)
        endWaitsForAdmission(now)
        var late: [CommandSlot] = []
        let socket: Socket? = state.withLock { state in
            guard let first = state.slots.first else { return nil }
            // Whoever reads at this moment uses the parser, which goes with the connection: next time then.
            if first.deadline <= now, !state.isReading, case .ready(let socket) = state.phase {
                state.isReading = true
                return socket
            }
            guard state.slots.contains(where: { $0.deadline <= now && $0.waiter != nil }) else { return nil }
            for index in state.slots.indices where state.slots[index].deadline <= now {
                late.append(state.slots[index])
                state.slots[index].waiter = nil
            }
            return nil
        }
        for slot in late { slot.waiter?.resume(throwing: lateness) }
        if let socket { disconnected(socket, lateness.description, lateness) }
    }

    /// Fails callers that waited for admission until their deadline, and admits the next one if there is room.
    private func endWaitsForAdmission(_ now: UInt64) {
        let (late, admitted) = state.withLock { ($0.admission.expire(now), $0.admitNext()) }
        for slot in late { slot.waiter?.resume(throwing: lateness) }
        admitted?.waiter?.resume(returning: .admitted)
    }

    var lateness: StreamKitError {
        .timedOut(
            "Redis at \(configuration) did not answer in time. It may be busy, out of reach, or still be working.")
    }
}
