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
        let isWanted = state.withLock { state in
            guard case .connecting = state.phase else { return false }
            state.phase = .ready(socket)
            state.failedAttempts = 0
            state.wasConnected = true
            state.socketIsFull = false
            return true
        }
        guard isWanted else { return }
        configuration.logger.debug("connected", metadata: ["redis": "\(configuration)"])
        IOThread.shared.add(self)
        flush()
    }

    /// A first attempt that fails is an answer: the address is probably wrong.
    ///
    /// Later ones are repeated until the waiting commands run out of time, because the server was there and
    /// may come back.
    private func connectFailed(_ failure: Connector.Failure) {
        let failed: Deque<CommandSlot> = state.withLock { state in
            guard case .connecting = state.phase else { return [] }
            state.failedAttempts += 1
            let mayComeBack = failure.isTransient && reconnects && (state.wasConnected || isLoading(failure))
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

    private func isLoading(_ failure: Connector.Failure) -> Bool {
        failure.error.description.contains("LOADING")
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

    /// Sorts the waiting commands after a break: what never left stays and is sent on the next socket;
    /// what left has an unknown outcome and fails.
    func disconnected(_ socket: Socket, _ reason: String, _ error: StreamKitError? = nil) {
        var lost: [CommandSlot] = []
        var reconnect = false
        state.withLock { state in
            guard case .ready(let current) = state.phase, current === socket else { return }
            while let first = state.slots.first, first.start < state.written || !reconnects {
                lost.append(first)
                state.slots.removeFirst()
            }
            // Bytes of a command that left in part are of no use to the next socket.
            let kept = state.slots.first.map { state.encoded - $0.start } ?? 0
            state.outgoing.removeFirst(state.outgoing.count - Int(kept))
            state.written = state.encoded - kept
            state.isWriting = false
            state.socketIsFull = false
            reconnect = reconnects && !state.slots.isEmpty
            state.phase = reconnects ? (reconnect ? .connecting : .idle) : .closed
            parser = ReplyParser()
        }
        socket.shutDown()
        if !reconnects { IOThread.shared.remove(self) }
        configuration.logger.debug("disconnected", metadata: ["reason": "\(reason)"])
        for slot in lost { slot.finish(.failure(error ?? .connectionLost(reason, outcomeUnknown: true))) }
        if reconnect { connect() }
    }
}
