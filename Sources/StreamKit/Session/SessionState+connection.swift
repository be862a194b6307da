import DequeModule

// How a connection begins, breaks and comes back, and what happens at the deadlines of commands that wait for it.
extension SessionState {
    mutating func startConnecting(_ now: UInt64, _ effects: inout Effects) {
        phase = .connecting(since: now)
        attempt += 1
        effects.connect = true
    }

    /// An attempt to connect succeeded; false if nobody waits for it any more, so that its socket should be dropped.
    mutating func connected(_ attempt: UInt64, _ now: UInt64) -> (isWanted: Bool, effects: Effects) {
        var effects = Effects()
        guard case .connecting = phase, attempt == self.attempt else { return (false, effects) }
        // These were cancelled before a byte of them was sent, so nobody wants them sent any more.
        _ = removeUnsent { !$0.isAwaited }
        phase = .ready(since: now)
        lastUse = now
        (isReading, isWriting) = (false, false)
        interest = Effects.Interest()
        inlineReads = InlineReads(isEnabled: options.readsInline)
        (failedAttempts, lastFailure, wasConnected) = (0, nil, true)
        effects.write = mayWrite
        admitNext(&effects)
        return (true, effects)
    }

    /// An attempt to connect failed.
    ///
    /// If the first attempt reaches no server, the address is probably wrong, and the commands fail. Other attempts are
    /// repeated until the waiting commands run out of time: the server may come back, finish loading or accept clients.
    mutating func connectFailed(
        _ attempt: UInt64, _ error: StreamKitError, _ now: UInt64, pause: (Int) -> UInt64
    ) -> Effects {
        var effects = Effects()
        guard case .connecting = phase, attempt == self.attempt else { return effects }
        failedAttempts += 1
        lastFailure = error
        let isThere =
            switch error {
            case .server, .connectionLost: true
            default: wasConnected
            }
        if error.isTransient, options.reconnects, isThere, !slots.isEmpty {
            phase = .waitingToReconnect(until: now &+ pause(failedAttempts))
            return effects
        }
        (encoded, written) = (0, 0)
        outgoing.removeAll()
        effects.resume(slots, throwing: error)
        slots.removeAll()
        disconnect(error, &effects)
        return effects
    }

    /// The server refused credentials that may be out of date; the attempt goes on with newer ones.
    mutating func refused(_ error: StreamKitError) -> Effects {
        lastFailure = error
        return Effects()
    }

    /// The connection broke, or is of no use.
    ///
    /// Unsent commands stay for the next connection; the outcome of sent ones is unknown.
    /// The effects that the same event caused `earlier` are performed first.
    mutating func lost(
        _ attempt: UInt64, _ error: StreamKitError, _ now: UInt64, after earlier: Effects = Effects()
    ) -> Effects {
        var effects = earlier
        guard isCurrent(attempt) else { return effects }
        while let first = slots.first, first.start < written || !options.reconnects {
            effects.resume(first, throwing: error)
            slots.removeFirst()
        }
        // The rest of a command that was sent in part is of no use to the next socket.
        let kept = slots.first.map { encoded - $0.start } ?? 0
        outgoing.removeFirst(outgoing.count - Int(kept))
        written = encoded - UInt64(outgoing.count)
        isWriting = false
        effects.dropSocket = true
        disconnect(error, &effects)
        if !slots.isEmpty { startConnecting(now, &effects) }
        return effects
    }

    /// Drops the connection: the next command opens one, unless this session never reconnects.
    private mutating func disconnect(_ error: StreamKitError, _ effects: inout Effects) {
        guard options.reconnects else {
            (phase, effects.end) = (.closed, true)
            return refuseAll(error, &effects)
        }
        phase = .idle
        admitNext(&effects)
    }

    /// The server is the wrong one, so the next command should reconnect and find the right one.
    ///
    /// A fresh connection stays: reconnecting would find the same server, and many commands may report it at once.
    func leave(_ now: UInt64) -> Effects {
        var effects = Effects()
        if case .ready(let since) = phase { effects.hangUp = now &- since > 100_000_000 }
        return effects
    }

    /// Time passed.
    mutating func tick(_ now: UInt64) -> Effects {
        var effects = Effects()
        if wasUsed || !slots.isEmpty { (lastUse, wasUsed) = (now, false) }
        switch phase {
        case .waitingToReconnect(let due) where due <= now:
            giveUpUnsent(now, &effects)
            if slots.isEmpty { phase = .idle } else { startConnecting(now, &effects) }
        case .waitingToReconnect, .connecting:
            giveUpUnsent(now, &effects)
        case .ready:
            if let first = slots.first, first.deadline <= now {
                effects = lost(attempt, lateness, now)
            } else if slots.isEmpty, now &- min(lastUse, now) > options.idleTimeout {
                return close()
            } else {
                endLateWaits(now, &effects)
            }
        case .idle, .closed:
            break
        }
        for slot in admission.expire(now) { refuse(slot, lateness, &effects) }
        admitNext(&effects)
        return effects
    }

    /// Fails commands that waited for a connection until their deadline; they are never sent.
    private mutating func giveUpUnsent(_ now: UInt64, _ effects: inout Effects) {
        let error = lastFailure ?? .cannotConnect("No connection to Redis at \(options.address) came about in time.")
        effects.resume(removeUnsent { $0.deadline <= now || !$0.isAwaited }, throwing: error)
        guard case .connecting(let since) = phase, now &- min(since, now) > options.connectTimeout else { return }
        let unreachable = StreamKitError.cannotConnect(
            "Redis at \(options.address) could not be reached in time. Name resolution may be slow, or the host down.")
        // A server that has refused us is there.
        let late = lastFailure?.serverPrefix == nil ? unreachable : lastFailure ?? unreachable
        let failed = connectFailed(attempt, late, now) { _ in 0 }
        effects.resume += failed.resume
        effects.end = failed.end
    }

    /// Ends the wait of late commands behind other late ones; their replies may still come.
    private mutating func endLateWaits(_ now: UInt64, _ effects: inout Effects) {
        guard slots.contains(where: { $0.deadline <= now && $0.isAwaited }) else { return }
        for index in slots.indices where slots[index].deadline <= now && slots[index].isAwaited {
            effects.resume(slots[index], throwing: lateness)
            slots[index].isAwaited = false
        }
    }

    private var lateness: StreamKitError {
        .timedOut(
            "Redis at \(options.address) did not answer in time. It may be busy, out of reach, or still be working.")
    }
}
