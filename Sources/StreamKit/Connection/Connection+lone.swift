import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// The way of a command that is alone on its connection: whoever sent it reads the answer itself.
//
// The usual way wakes the I/O thread, which wakes one of Swift's threads; each costs as much as the
// server's whole work. A caller that looks for the answer itself pays neither. It looks without
// blocking, gives its core away between two looks, and for at most `longestLook`; and it does so only
// after several commands in a row were alone and were answered within about that time. A server far away
// is never waited for in this way. Measured on two cores: 2.6 times as many lone XADDs as hiredis
// in a blocking loop, over a unix socket and over TCP; through the I/O thread, in a run before, it was 0.75 and 0.24 times.
extension Connection {
    struct LoneCommands {
        /// Whether the I/O thread looks at the socket.
        var isWatched = true
        /// How many commands in a row nobody joined while they were under way.
        var streak = 0
        /// The command that found nothing under way, and when it was sent.
        var ticket: UInt64 = 0
        var began: UInt64 = 0
        /// How long such commands took lately, in nanoseconds.
        var expected: UInt64 = .max

        mutating func answered(_ now: UInt64) {
            let sample = now &- began
            expected = expected == .max ? sample : (expected * 3 + sample) / 4
            streak += 1
        }
    }

    /// How long one of Swift's threads may be kept, in nanoseconds.
    private static let longestLook: UInt64 = 100_000
    /// Answers that take so long, the detour included, may come within `longestLook` without it.
    private static let worthLooking: UInt64 = 200_000
    private static let enoughAlone = 4
    private static let hasSeveralCores = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// Decides who reads the answer to a command that found nothing under way; true if the caller does.
    func beginExchange(of slot: CommandSlot, on socket: Socket, in state: inout State, mayRead: Bool) -> Bool {
        state.lone.ticket = slot.ticket
        state.lone.began = Self.now()
        let reads =
            mayRead && state.lone.streak >= Self.enoughAlone && state.lone.expected < Self.worthLooking
            && !state.isReading && reconnects && Self.hasSeveralCores && (slot.extra?.replyCount ?? 1) == 1
        if reads { state.isReading = true }
        watch(socket, !reads, in: &state)
        return reads
    }

    /// Lets the I/O thread look at the socket, or not.
    private func watch(_ socket: Socket, _ isWatched: Bool, in state: inout State) {
        guard state.lone.isWatched != isWatched else { return }
        state.lone.isWatched = isWatched
        IOThread.shared.update(socket, of: number, reads: isWatched, writes: state.socketIsFull)
    }

    /// Writes, and looks for the answer for a short time.
    func flushAndRead(on socket: Socket) {
        flush()
        let end = Self.now() &+ Self.longestLook
        repeat {
            guard case .nothing = read(socket) else { return }
            sched_yield()
        } while Self.now() < end
        state.withLock { state in
            state.isReading = false
            // It takes about a dozen quick answers until it is tried again.
            state.lone.expected = 10 * Self.longestLook
            if case .ready(let socket) = state.phase { watch(socket, true, in: &state) }
        }
    }

    /// Ends a caller's own reading, once it has its answer.
    func endReading(on socket: Socket, in state: inout State) {
        state.isReading = false
        if !state.slots.isEmpty { watch(socket, true, in: &state) }
    }
}
