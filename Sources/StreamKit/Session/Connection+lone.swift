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
// server's whole work. A caller that looks for the answer itself pays neither. It does so only after
// several commands in a row were alone and were answered within about the time it may take. A server far
// away is never waited for in this way, nor is a blocking read.
//
// It looks without blocking and gives its core away between two looks, for at most `longestLook`: 2.6 times as many
// lone XADDs as hiredis in a blocking loop, and through the I/O thread 0.24 to 0.75 times, on two cores.
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
            // Capped, or one long pause would count for as much as a hundred short ones.
            let sample = min(now &- began, Connection.longestSample)
            expected = expected == .max ? sample : (expected * 3 + sample) / 4
            streak += 1
        }
    }

    /// How long one of Swift's threads may be kept by a command, in nanoseconds.
    private static let longestLook: UInt64 = 100_000
    fileprivate static let longestSample: UInt64 = 4_000_000
    private static let enoughAlone = 4
    private static let hasSeveralCores = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// Decides who reads the answer to a command that found nothing under way; true if the caller does.
    func beginExchange(of slot: CommandSlot, on socket: Socket, in state: inout State, mayRead: Bool) -> Bool {
        state.lone.ticket = slot.ticket
        state.lone.began = Self.now()
        // Answers that take twice as long, the detour included, may come in time without it.
        let reads =
            mayRead && !isForBlocking && state.lone.streak >= Self.enoughAlone && !state.isReading
            && state.lone.expected < 2 * Self.longestLook && Self.hasSeveralCores
        if reads { state.isReading = true }
        watch(socket, !reads, in: &state)
        return reads
    }

    /// Somebody else's command is under way: nobody is alone.
    func join(in state: inout State) {
        state.lone.streak = 0
        state.lone.ticket = 0
        watchUnlessRead(in: &state)
    }

    /// Lets the I/O thread read answers that are to come, if no caller is about to.
    func watchUnlessRead(in state: inout State) {
        guard case .ready(let socket) = state.phase, !state.isReading, !state.slots.isEmpty else { return }
        watch(socket, true, in: &state)
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
        if lookForAnswer(on: socket) { return }
        state.withLock { state in
            state.isReading = false
            // It takes about a dozen quick answers until it is tried again.
            if !Task.isCancelled { state.lone.expected = 10 * Self.longestLook }
            if case .ready(let socket) = state.phase { watch(socket, true, in: &state) }
        }
    }

    private func lookForAnswer(on socket: Socket) -> Bool {
        let end = Self.now() &+ Self.longestLook
        repeat {
            guard case .nothing = read(socket) else { return true }
            sched_yield()
        } while Self.now() < end && !Task.isCancelled
        return false
    }

    /// Ends a caller's own reading, once it has its answer.
    func endReading(in state: inout State) {
        state.isReading = false
        watchUnlessRead(in: &state)
    }
}
