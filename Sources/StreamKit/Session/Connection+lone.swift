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
// away is never waited for in this way, nor a stream in which little happens.
//
// - On the shared connection it looks without blocking and gives its core away between two looks, for at most
//   `longestLook`: 2.6 times as many lone XADDs as hiredis in a blocking loop, and through the I/O thread 0.24 to
//   0.75 times, on two cores.
// - So it does for a batch, if the server is near: a fifth more XADDs in batches of 256 than when their sender
//   waits in the kernel, where every piece of the answer costs the server a wake-up.
// - For a batch from far away, and for what a blocking read brings, it waits in the kernel.
//
// The last two keep one of Swift's threads for long, of which there are as many as cores. So they do for at most
// `longestLoan`, and one such loan at a time is all that a process gives.
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
            let sample = min(now &- began, 2 * Connection.longestLoan)
            expected = expected == .max ? sample : (expected * 3 + sample) / 4
            streak += 1
        }
    }

    /// How long one of Swift's threads may be kept by a command, and by what takes longer, in nanoseconds.
    private static let longestLook: UInt64 = 100_000
    fileprivate static let longestLoan: UInt64 = 2_000_000
    private static let enoughAlone = 4
    /// How long the answer of a near server takes at most: in the same data centre, mostly.
    private static let nearby: UInt64 = 500_000
    private static let hasSeveralCores = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1
    /// Whether one of Swift's threads is lent.
    static let isLending = Atomic(false)

    /// Decides who reads the answer to a command that found nothing under way; true if the caller does.
    func beginExchange(of slot: CommandSlot, on socket: Socket, in state: inout State, mayRead: Bool) -> Bool {
        state.lone.ticket = slot.ticket
        state.lone.began = Self.now()
        let mayRead =
            mayRead && (isForBlocking || state.lone.streak >= Self.enoughAlone) && !state.isReading
            && Self.hasSeveralCores
        let reads = mayRead && (takesLong(slot) ? getsLoan(state.lone) : isWorthLooking(state.lone))
        if reads { state.isReading = true }
        watch(socket, !reads, in: &state)
        return reads
    }

    private func takesLong(_ slot: CommandSlot) -> Bool { isForBlocking || slot.extra?.batch != nil }

    /// Answers that take twice as long, the detour included, may come in time without it.
    private func isWorthLooking(_ lone: LoneCommands) -> Bool { lone.expected < 2 * Self.longestLook }

    private func getsLoan(_ lone: LoneCommands) -> Bool {
        lone.expected < Self.longestLoan
            && Self.isLending.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
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
    func flushAndRead(_ slot: CommandSlot, on socket: Socket) {
        flush()
        if takesLong(slot) ? readDuringLoan(on: socket) : lookForAnswer(on: socket, Self.longestLook) { return }
        state.withLock { state in
            state.isReading = false
            // It takes about a dozen quick answers until it is tried again; a read's own length says enough.
            if !takesLong(slot), !Task.isCancelled { state.lone.expected = 10 * Self.longestLook }
            if case .ready(let socket) = state.phase { watch(socket, true, in: &state) }
        }
    }

    private func readDuringLoan(on socket: Socket) -> Bool {
        defer { Self.isLending.store(false, ordering: .relaxed) }
        let looks = !isForBlocking && socket.roundTrip < Self.nearby
        return looks ? lookForAnswer(on: socket, Self.longestLoan) : waitForAnswer(on: socket)
    }

    private func lookForAnswer(on socket: Socket, _ time: UInt64) -> Bool {
        let end = Self.now() &+ time
        repeat {
            guard case .nothing = read(socket) else { return true }
            sched_yield()
        } while Self.now() < end && !Task.isCancelled
        return false
    }

    private func waitForAnswer(on socket: Socket) -> Bool {
        let end = Self.now() &+ Self.longestLoan
        repeat {
            socket.waitForBytes(milliseconds: 1)
            guard case .nothing = read(socket) else { return true }
        } while Self.now() < end && !Task.isCancelled
        return false
    }

    /// Ends a caller's own reading, once it has its answer.
    func endReading(in state: inout State) {
        state.isReading = false
        watchUnlessRead(in: &state)
    }
}
