import DequeModule

/// What one connection knows and decides: no lock, no clock, no socket, no thread.
///
/// Events go in as calls, and each returns the ``Effects`` that `Session` performs. Commands queue in the order they
/// were encoded, which is the order of their replies. After a break, unsent commands stay for the next socket;
/// the others fail, because nobody knows whether the server carried them out.
///
/// - `submit`, `cancel`, `close` come from callers (`SessionState+commands.swift`)
/// - `connected`, `connectFailed`, `lost`, `leave`, `tick` from what happens to the connection
///   (`SessionState+connection.swift`)
/// - `takeOutgoing`, `wrote`, `writable`, `beginReading`, `received`, `endReading` from the socket
///   (`SessionState+socket.swift`)
struct SessionState: ~Copyable {
    /// What differs between the shared connection and those for commands that block.
    struct Options {
        /// Names the server in errors.
        var address = "the server"
        /// Whether it connects again by itself; one that does not is over when its connection is.
        var reconnects = true
        /// Whether a sender may read its reply itself.
        var readsInline = true
        /// The most bytes in flight; see ``Admission``.
        var limit = 4 << 20
        /// How long an attempt to connect may take in all, in nanoseconds, name resolution included.
        var connectTimeout: UInt64 = .max
        /// How long an unused connection stays open, in nanoseconds.
        var idleTimeout: UInt64 = .max
    }

    enum Phase: Equatable {
        /// Not connected, and nobody waits for a connection.
        case idle
        case connecting(since: UInt64)
        case ready(since: UInt64)
        case waitingToReconnect(until: UInt64)
        case closed
    }

    let options: Options
    var phase = Phase.idle
    /// Counts attempts to connect.
    ///
    /// Socket events name the one they belong to; those of an earlier one change nothing.
    var attempt: UInt64 = 0
    var failedAttempts = 0
    var wasConnected = false
    /// Why the last attempt to connect failed.
    var lastFailure: StreamKitError?
    /// Whether a command was sent since the last tick, and the last tick that found one.
    var wasUsed = false
    var lastUse: UInt64 = 0

    /// Commands that wait for replies, oldest first.
    var slots = Deque<CommandSlot>()
    var admission: Admission

    var outgoing: ByteBuffer
    /// The memory that `outgoing` is swapped with while it is written.
    var spare: ByteBuffer
    /// Bytes ever encoded and ever handed to the socket.
    var encoded: UInt64 = 0
    var written: UInt64 = 0
    var isWriting = false
    /// Whether somebody reads at this moment: the I/O thread, or a sender.
    var isReading = false
    var inlineReads: InlineReads
    var interest = Effects.Interest()

    /// The number of bytes that may wait unsent before a caller sends them itself.
    static let writeThreshold = 16 << 10

    init(_ options: Options) {
        self.options = options
        admission = Admission(limit: options.limit)
        inlineReads = InlineReads(isEnabled: options.readsInline)
        // A connection for blocking commands carries one small command at a time, and there may be thousands of them.
        let capacity = options.reconnects ? 16 << 10 : 256
        outgoing = ByteBuffer(capacity: capacity)
        spare = ByteBuffer(capacity: capacity)
    }

    /// Bytes encoded and not answered yet; as replies come in order, these are all bytes since the oldest command.
    var bytesInFlight: Int {
        guard let oldest = slots.first else { return 0 }
        return Int(encoded - oldest.start)
    }

    var isReady: Bool {
        if case .ready = phase { true } else { false }
    }

    /// Whether bytes wait that the socket would take.
    var mayWrite: Bool { !outgoing.isEmpty && isReady && !isWriting && !interest.writes }

    /// Whether an event belongs to the socket there is now.
    func isCurrent(_ attempt: UInt64) -> Bool { isReady && attempt == self.attempt }

    // MARK: What follows from any event

    /// Admits the next caller that waits, if fewer bytes than the given share of the limit are in flight.
    @inline(__always)
    mutating func admitNext(_ effects: inout Effects, below share: Int = 1) {
        guard !admission.isFree, bytesInFlight < admission.limit / share || slots.isEmpty else { return }
        guard let next = admission.admitNext(bytesInFlight: bytesInFlight) else { return }
        effects.resume.append(Resumption(slot: next, outcome: .success(.admitted)))
    }

    /// Changes what the I/O thread looks for.
    @inline(__always)
    mutating func watch(reads: Bool? = nil, writes: Bool? = nil, _ effects: inout Effects) {
        let wanted = Effects.Interest(reads: reads ?? interest.reads, writes: writes ?? interest.writes)
        guard wanted != interest else { return }
        (interest, effects.watch) = (wanted, wanted)
    }

    /// Lets the I/O thread read the coming replies, unless somebody reads at this moment.
    @inline(__always)
    mutating func watchUnlessRead(_ effects: inout Effects) {
        if !interest.reads, !isReading, !slots.isEmpty, isReady { watch(reads: true, &effects) }
    }
}
