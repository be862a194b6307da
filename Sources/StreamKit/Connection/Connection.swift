import DequeModule
import Foundation
import Logging
import Synchronization

/// One socket to Redis, shared by any number of tasks: commands go out in order, replies come back in order.
///
/// A caller encodes its command into the shared buffer under a short lock and parks. With nothing under
/// way it writes to the socket itself, which is the quickest for a lone command; otherwise its bytes go
/// out with everybody else's when the next reply arrives, in one `write`, which is what makes many tasks
/// on one connection fast. A broken connection is made anew by itself: commands that never left are
/// sent again, the others fail with ``StreamKitError/connectionLost(_:outcomeUnknown:)``.
///
/// Safety: `State` is guarded by the lock. `parser` and `inbox` belong to the I/O thread. Continuations
/// are resumed outside the lock.
final class Connection: @unchecked Sendable {
    enum Phase {
        case idle
        case connecting
        case ready(Socket)
        case waitingToReconnect(until: UInt64)
        case closed
    }

    struct State: ~Copyable {
        var phase = Phase.idle
        var outgoing = ByteBuffer(capacity: 16 << 10)
        var slots = Deque<CommandSlot>()
        /// Bytes ever encoded and ever handed to the kernel.
        var encoded: UInt64 = 0
        var written: UInt64 = 0
        var isWriting = false
        var socketIsFull = false
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
    let reconnects: Bool
    let state = Mutex(State())
    var parser = ReplyParser()
    let inbox = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private static let tickets = Atomic<UInt64>(1)

    /// Creates a connection; one that carries blocking reads does not reconnect, it is thrown away.
    init(_ configuration: RedisConfiguration, reconnects: Bool = true) {
        self.configuration = configuration
        self.reconnects = reconnects
    }

    deinit {
        inbox.deallocate()
    }

    static func now() -> UInt64 {
        DispatchTime.now().uptimeNanoseconds
    }

    /// Sends the `replyCount` commands that `encode` writes in place, and waits for their replies.
    ///
    /// A `timeout` of `nil` waits for ever; `orphan` gets the outcome when the waiting task was cancelled.
    func send(
        replyCount: Int = 1, timeout: Duration?,
        orphan: (@Sendable (Result<[Reply], StreamKitError>) -> Void)? = nil,
        _ encode: (inout ByteBuffer) -> Void
    ) async throws -> [Reply] {
        let ticket = Self.tickets.wrappingAdd(1, ordering: .relaxed).oldValue
        let deadline = timeout.map { Self.now() &+ $0.nanoseconds } ?? .max
        defer {
            // A cancellation that came after the reply left its mark behind.
            if Task.isCancelled { _ = state.withLock { $0.cancelledBeforeSending.remove(ticket) } }
        }
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { waiter in
                enqueue(
                    CommandSlot(
                        ticket: ticket, replyCount: replyCount, deadline: deadline, waiter: waiter, orphan: orphan),
                    encode)
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    private enum Next {
        case nothing, write, connect
        case fail(any Error)
    }

    private func enqueue(_ slot: CommandSlot, _ encode: (inout ByteBuffer) -> Void) {
        let next: Next = state.withLock { state in
            if !state.cancelledBeforeSending.isEmpty, state.cancelledBeforeSending.remove(slot.ticket) != nil {
                return .fail(CancellationError())
            }
            if case .closed = state.phase { return .fail(StreamKitError.closed) }
            let wasQuiet = state.slots.isEmpty
            let before = state.outgoing.count
            encode(&state.outgoing)
            var slot = slot
            slot.start = state.encoded
            state.encoded += UInt64(state.outgoing.count - before)
            state.slots.append(slot)
            switch state.phase {
            case .idle:
                state.phase = .connecting
                return .connect
            case .ready:
                let isTime = wasQuiet || state.outgoing.count >= Self.writeThreshold
                return isTime && !state.isWriting && !state.socketIsFull ? .write : .nothing
            case .connecting, .waitingToReconnect, .closed:
                return .nothing
            }
        }
        switch next {
        case .nothing: break
        case .write: flush()
        case .connect: connect()
        case .fail(let error):
            slot.orphan?(.failure(.closed))
            slot.waiter?.resume(throwing: error)
        }
    }

    /// Gives up waiting for a command.
    ///
    /// Its reply, if it still comes, goes to the slot's orphan handler.
    private func cancel(_ ticket: UInt64) {
        let waiter: CommandSlot.Waiter? = state.withLock { state in
            guard let index = state.slots.lastIndex(where: { $0.ticket == ticket }) else {
                state.cancelledBeforeSending.insert(ticket)
                return nil
            }
            defer { state.slots[index].waiter = nil }
            return state.slots[index].waiter
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
        let (slots, socket) = state.withLock { state -> (Deque<CommandSlot>, Socket?) in
            var socket: Socket?
            if case .ready(let open) = state.phase { socket = open }
            state.phase = .closed
            state.outgoing.removeAll()
            defer { state.slots.removeAll() }
            return (state.slots, socket)
        }
        IOThread.shared.remove(self)
        socket?.shutDown()
        for slot in slots { slot.finish(.failure(.closed)) }
    }
}
