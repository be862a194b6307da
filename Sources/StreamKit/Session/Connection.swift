import DequeModule
import Logging
import Synchronization

/// One socket to Redis, shared by any number of tasks: commands go out in order, replies come back in order.
///
/// A caller encodes its command into the shared buffer under a short lock and parks. With nothing under
/// way it writes to the socket itself, and may even read the answer itself, which is the quickest for a
/// lone command; otherwise its bytes go out with everybody else's when the next reply arrives, in one
/// `write`, which is what makes many tasks on one connection fast. A broken connection is made anew by
/// itself: commands that never left are sent again, the others fail with
/// ``StreamKitError/connectionLost(_:outcomeUnknown:)``.
///
/// Safety: `State` is guarded by the lock. `parser` and `inbox` belong to whoever set `isReading`.
/// Continuations are resumed outside the lock.
final class Connection: @unchecked Sendable {
    enum Phase {
        case idle
        case connecting
        case ready(Socket)
        case waitingToReconnect(until: UInt64)
        case closed
    }

    struct State: ~Copyable {
        init(limit: Int) {
            admission = Admission(limit: limit)
        }

        var phase = Phase.idle
        var outgoing = ByteBuffer(capacity: 16 << 10)
        /// The memory that `outgoing` is swapped with while it is written.
        var spare = ByteBuffer(capacity: 16 << 10)
        var slots = Deque<CommandSlot>()
        /// Bytes ever encoded and ever handed to the kernel.
        var encoded: UInt64 = 0
        var written: UInt64 = 0
        var isWriting = false
        var socketIsFull = false
        var isReading = false
        var lone = LoneCommands()
        var admission: Admission
        var cancelledBeforeSending: Set<UInt64> = []
        var failedAttempts = 0
        var wasConnected = false
        var connectedAt: UInt64 = 0
        /// Why the last attempt to connect failed.
        var lastFailure: StreamKitError?
    }

    /// Bytes that may wait unsent before the caller pushes them out itself.
    static let writeThreshold = 16 << 10

    let configuration: RedisConfiguration
    /// The configured time for a command in nanoseconds; converting a `Duration` for each takes longer than encoding.
    let commandTimeout: UInt64
    /// Whether it carries blocking reads, one at a time; such a connection does not reconnect, it is thrown away.
    let isForBlocking: Bool
    /// Tells this connection from all others of the process.
    let number = Tickets.next()
    let state: Mutex<State>
    var parser = ReplyParser()
    let inbox = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    init(_ configuration: RedisConfiguration, isForBlocking: Bool = false) {
        self.configuration = configuration
        self.isForBlocking = isForBlocking
        state = Mutex(State(limit: configuration.maximumBytesInFlight))
        commandTimeout = configuration.commandTimeout.nanoseconds
    }

    deinit {
        inbox.deallocate()
    }

    /// Sends the `replyCount` commands that `encode` writes in place, and waits for their replies.
    ///
    /// A `timeout`, in nanoseconds, of `nil` waits forever; `lateReplyHandler` gets the outcome when the waiting task
    /// was cancelled.
    func send(
        replyCount: Int = 1, timeout: UInt64?, lateReplyHandler: CommandSlot.LateReplyHandler? = nil,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> Replies {
        let ticket = Tickets.next()
        let deadline = timeout.map { Self.roughNow() &+ $0 } ?? .max
        // Nearly every command does without, and without the memory.
        let isPlain = replyCount == 1 && lateReplyHandler == nil
        let extra =
            isPlain ? nil : CommandSlot.Extra(replyCount: replyCount, lateReplyHandler: lateReplyHandler)
        defer {
            // A cancellation that came after the reply left its mark behind.
            if Task.isCancelled { _ = state.withLock { $0.cancelledBeforeSending.remove(ticket) } }
        }
        return try await withTaskCancellationHandler {
            while true {
                let replies = try await withUnsafeThrowingContinuation { waiter in
                    enqueue(CommandSlot(ticket: ticket, deadline: deadline, waiter: waiter, extra: extra), encode)
                }
                // Whoever is admitted enters, and nothing may come in between: see `Admission`.
                guard case .admitted = replies else { return replies }
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    private enum Next {
        case nothing, write, connect
        case writeAndRead(Socket)
        case fail(any Error)
    }

    private func enqueue(_ slot: CommandSlot, _ encode: (inout ByteBuffer) -> Void) {
        var admitted: CommandSlot?
        let next = state.withLock { state in
            defer { admitted = state.admitNext() }
            if !state.cancelledBeforeSending.isEmpty, state.cancelledBeforeSending.remove(slot.ticket) != nil {
                state.admission.withdraw(slot.ticket)
                watchUnlessRead(in: &state)
                return Next.fail(CancellationError())
            }
            if case .closed = state.phase { return .fail(StreamKitError.closed) }
            guard state.admission.enter(slot, bytesInFlight: state.bytesInFlight) else {
                watchUnlessRead(in: &state)
                return .nothing
            }
            return enqueue(slot, in: &state, encode)
        }
        switch next {
        case .nothing: break
        case .write: flush()
        case .writeAndRead(let socket): flushAndRead(on: socket)
        case .connect: connect()
        case .fail(let error):
            slot.extra?.lateReplyHandler?(.failure(.closed))
            slot.waiter?.resume(throwing: error)
        }
        admitted?.waiter?.resume(returning: .admitted)
    }

    private func enqueue(_ slot: CommandSlot, in state: inout State, _ encode: (inout ByteBuffer) -> Void) -> Next {
        let wasQuiet = state.slots.isEmpty || state.lone.ticket == slot.ticket
        state.append(slot, encode)
        switch state.phase {
        case .idle:
            state.phase = .connecting
            return .connect
        case .ready(let socket):
            let mayWrite = !state.isWriting && !state.socketIsFull
            if wasQuiet, beginExchange(of: slot, on: socket, in: &state, mayRead: mayWrite) {
                return .writeAndRead(socket)
            }
            if !wasQuiet { join(in: &state) }
            let isTime = wasQuiet || state.outgoing.count >= Self.writeThreshold
            return isTime && mayWrite ? .write : .nothing
        case .connecting, .waitingToReconnect, .closed:
            return .nothing
        }
    }
}

extension Connection.State {
    /// Bytes encoded and not answered yet; as replies come in order, that is all since the oldest command.
    var bytesInFlight: Int {
        guard let oldest = slots.first else { return 0 }
        return Int(encoded - oldest.start)
    }

    /// Admits the next caller that waits, if there is room.
    @inline(__always)
    mutating func admitNext() -> CommandSlot? {
        admission.isFree ? nil : admission.admitNext(bytesInFlight: bytesInFlight)
    }

    /// Encodes a command, or several, and puts them in the queue of those that wait for replies.
    mutating func append(_ slot: CommandSlot, _ encode: (inout ByteBuffer) -> Void) {
        let before = outgoing.count
        encode(&outgoing)
        var slot = slot
        slot.start = encoded
        encoded += UInt64(outgoing.count - before)
        slots.append(slot)
    }
}

/// Numbers that no two commands or connections of the process share.
enum Tickets {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 {
        last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
