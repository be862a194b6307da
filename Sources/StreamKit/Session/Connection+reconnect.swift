import DequeModule
import Logging
import Synchronization

// How a connection comes to be, breaks, and comes back.
extension Connection {
    func connect() {
        Connector.connect(to: configuration) { [self] result in
            switch result {
            case .success(let socket): connected(socket)
            case .failure(let failure): connectFailed(failure)
            }
        }
    }

    private func connected(_ socket: Socket) {
        let wasConnected = state.withLock { $0.wasConnected }
        // First, because whoever finds the connection ready may want to change what is watched.
        IOThread.shared.watch(socket, of: number)
        var abandoned: [CommandSlot] = []
        let isWanted = state.withLock { state in
            guard case .connecting = state.phase else { return false }
            // Cancelled before a byte of them left: nobody wants them sent any more.
            abandoned = state.removeUnsent { $0.isAbandoned }
            state.phase = .ready(socket)
            state.isReading = false
            state.lone = LoneCommands()
            state.failedAttempts = 0
            state.wasConnected = true
            state.connectedAt = Self.now()
            state.lastFailure = nil
            state.socketIsFull = false
            return true
        }
        for slot in abandoned { slot.finish(.failure(.closed)) }
        guard isWanted else { return IOThread.shared.forget(socket) }
        if wasConnected { configuration.commandMetrics?.reconnected() }
        configuration.logger.debug("connected", metadata: ["redis": "\(configuration)"])
        IOThread.shared.add(self)
        flush()
    }

    /// A first attempt that reaches nobody is an answer: the address is probably wrong.
    ///
    /// Others are repeated until the waiting commands run out of time: a server that was there may come
    /// back, and one that is loading or full is there.
    private func connectFailed(_ failure: Connector.Failure) {
        let failed: Deque<CommandSlot> = state.withLock { state in
            guard case .connecting = state.phase else { return [] }
            state.failedAttempts += 1
            let isThere = state.wasConnected || failure.error.serverPrefix != nil
            let mayComeBack = failure.isTransient && !isForBlocking && isThere
            state.lastFailure = failure.error
            if mayComeBack, !state.slots.isEmpty {
                state.phase = .waitingToReconnect(until: Self.now() &+ Self.backoff(attempt: state.failedAttempts))
                return []
            }
            state.phase = .idle
            state.encoded = 0
            state.written = 0
            state.outgoing.removeAll()
            defer { state.slots.removeAll() }
            return state.slots
        }
        configuration.logger.debug("cannot connect", metadata: ["reason": "\(failure.error)"])
        IOThread.shared.add(self)
        for slot in failed { slot.finish(.failure(failure.error)) }
    }

    /// 10 ms, doubled with every failure up to 2 s, and a random half of it taken off.
    static func backoff(attempt: Int) -> UInt64 {
        let longest: UInt64 = min(2_000_000_000, 10_000_000 << UInt64(min(attempt, 8)))
        return UInt64.random(in: longest / 2...longest)
    }

    func reconnectIfDue(_ now: UInt64) {
        let isDue = state.withLock { state in
            guard case .waitingToReconnect(let due) = state.phase, due <= now else { return false }
            state.phase = .connecting
            return true
        }
        if isDue { connect() }
    }

    /// Fails commands that waited for a connection until their deadline; they never left, and never will.
    func giveUpUnsent(_ now: UInt64) {
        let (late, reason) = state.withLock { state -> ([CommandSlot], StreamKitError?) in
            switch state.phase {
            case .connecting, .waitingToReconnect: (state.removeUnsent { $0.isOver(now) }, state.lastFailure)
            case .idle, .ready, .closed: ([], nil)
            }
        }
        let error = reason ?? .cannotConnect("No connection to Redis at \(configuration) came about in time.")
        for slot in late { slot.finish(.failure(error)) }
    }

    /// Ends the present socket, so that the next command finds out anew who answers at the address.
    ///
    /// Not one that is fresh: its server is what there is, and many commands may complain at once.
    func reconnect() {
        let socket: Socket? = state.withLock { state in
            guard case .ready(let socket) = state.phase, Self.now() &- state.connectedAt > 100_000_000 else {
                return nil
            }
            return socket
        }
        socket?.shutDown()
    }

    /// Sorts the waiting commands after a break: what never left stays and is sent on the next socket;
    /// what left has an unknown outcome and fails.
    func disconnected(_ socket: Socket, _ reason: String, _ error: StreamKitError? = nil) {
        let failure = error ?? .connectionLost(reason, outcomeUnknown: true)
        var lost: [CommandSlot] = []
        var reconnect = false
        state.withLock { state in
            guard case .ready(let current) = state.phase, current === socket else { return }
            while let first = state.slots.first, first.start < state.written || isForBlocking {
                lost.append(first)
                state.slots.removeFirst()
            }
            // Bytes of a command that left in part are of no use to the next socket.
            let kept = state.slots.first.map { state.encoded - $0.start } ?? 0
            state.outgoing.removeFirst(state.outgoing.count - Int(kept))
            state.written = state.encoded - UInt64(state.outgoing.count)
            state.isWriting = false
            state.socketIsFull = false
            reconnect = !isForBlocking && !state.slots.isEmpty
            state.phase = isForBlocking ? .closed : (reconnect ? .connecting : .idle)
            parser = ReplyParser()
        }
        IOThread.shared.forget(socket)
        socket.shutDown()
        if isForBlocking { IOThread.shared.remove(self) }
        configuration.logger.debug("disconnected", metadata: ["reason": "\(reason)"])
        for slot in lost { slot.finish(.failure(failure)) }
        if reconnect { connect() }
    }
}

extension CommandSlot {
    fileprivate func isOver(_ now: UInt64) -> Bool { deadline <= now || isAbandoned }

    /// Nobody waits for it.
    fileprivate var isAbandoned: Bool { waiter == nil }
}

extension Connection.State {
    /// Takes commands out of the queue, and their bytes out of the buffer, while nothing of it was written.
    fileprivate mutating func removeUnsent(where isOver: (CommandSlot) -> Bool) -> [CommandSlot] {
        guard slots.contains(where: isOver) else { return [] }
        let base = encoded - UInt64(outgoing.count)
        var (kept, dropped) = (Deque<CommandSlot>(), [CommandSlot]())
        var bytes = ByteBuffer(capacity: 16 << 10)
        for (index, slot) in slots.enumerated() {
            guard !isOver(slot) else {
                dropped.append(slot)
                continue
            }
            let end = index + 1 < slots.count ? slots[index + 1].start : encoded
            var moved = slot
            moved.start = base + UInt64(bytes.count)
            kept.append(moved)
            outgoing.withBytes { all in
                bytes.append(UnsafeRawBufferPointer(rebasing: all[Int(slot.start - base)..<Int(end - base)]))
            }
        }
        encoded = base + UInt64(bytes.count)
        slots = kept
        swap(&outgoing, &bytes)
        return dropped
    }
}
