import DequeModule

// What callers want: send a command, give up waiting for one, end the session.
extension SessionState {
    /// A caller wants to send one command or several, which `encode` writes.
    ///
    /// It may have to wait for admission. It is then resumed with `admitted`, and submits the command again.
    mutating func submit(
        _ slot: CommandSlot, isCancelled: Bool = false, _ clock: () -> UInt64, _ encode: (inout ByteBuffer) -> Void
    ) -> Effects {
        var effects = Effects()
        if isCancelled {
            refuse(slot, CancellationError(), &effects)
        } else if phase == .closed {
            refuse(slot, StreamKitError.closed, &effects)
        } else if admission.enter(slot, bytesInFlight: bytesInFlight) {
            enqueue(slot, clock, encode, &effects)
        }
        admitNext(&effects)
        return effects
    }

    /// Ends the wait for a command that was never sent, and never will be.
    mutating func refuse(_ slot: CommandSlot, _ error: any Error, _ effects: inout Effects) {
        admission.withdraw(slot.ticket)
        effects.resume(slot, throwing: error)
    }

    private mutating func enqueue(
        _ slot: CommandSlot, _ clock: () -> UInt64, _ encode: (inout ByteBuffer) -> Void, _ effects: inout Effects
    ) {
        let wasQuiet = slots.isEmpty
        wasUsed = true
        append(slot, encode)
        switch phase {
        case .idle:
            startConnecting(clock(), &effects)
        case .ready:
            if wasQuiet {
                beginExchange(of: slot, clock, &effects)
            } else {
                inlineReads.join()
                watchUnlessRead(&effects)
            }
            effects.write = mayWrite && (wasQuiet || outgoing.count >= Self.writeThreshold)
        case .connecting, .waitingToReconnect, .closed:
            break
        }
    }

    private mutating func append(_ slot: CommandSlot, _ encode: (inout ByteBuffer) -> Void) {
        let before = outgoing.count
        encode(&outgoing)
        var slot = slot
        slot.start = encoded
        encoded += UInt64(outgoing.count - before)
        slots.append(slot)
    }

    /// Decides who reads the reply to a command that found nothing under way.
    private mutating func beginExchange(
        of slot: CommandSlot, _ clock: () -> UInt64, _ effects: inout Effects
    ) {
        let isWanted = inlineReads.isEnabled && inlineReads.begin(slot.ticket, clock())
        let reads = isWanted && !isReading && mayWrite
        if reads { (isReading, effects.readInline) = (true, true) }
        watch(reads: !reads, &effects)
    }

    /// A task was cancelled: it stops waiting at once.
    ///
    /// A reply that comes later is dropped. A task that has not submitted its command yet finds itself cancelled when it does.
    mutating func cancel(_ ticket: UInt64) -> Effects {
        var effects = Effects()
        if let index = slots.lastIndex(where: { $0.ticket == ticket }) {
            guard slots[index].isAwaited else { return effects }
            effects.resume(slots[index], throwing: CancellationError())
            slots[index].isAwaited = false
        } else if let slot = admission.leave(ticket) {
            refuse(slot, CancellationError(), &effects)
        }
        return effects
    }

    /// The client is closed, and nothing comes after that.
    mutating func close() -> Effects {
        var effects = Effects()
        effects.dropSocket = isReady
        effects.end = true
        phase = .closed
        isWriting = false
        outgoing.removeAll()
        effects.resume(slots, throwing: .closed)
        slots.removeAll()
        refuseAll(.closed, &effects)
        return effects
    }

    /// Ends the wait of everybody who was not admitted.
    mutating func refuseAll(_ error: StreamKitError, _ effects: inout Effects) {
        for slot in admission.leaveAll() { refuse(slot, error, &effects) }
    }

    /// Removes commands from the queue, and their bytes from the buffer; none of those bytes were written.
    mutating func removeUnsent(where isOver: (CommandSlot) -> Bool) -> [CommandSlot] {
        guard slots.contains(where: isOver) else { return [] }
        let base = encoded - UInt64(outgoing.count)
        var (kept, dropped) = (Deque<CommandSlot>(), [CommandSlot]())
        var bytes = ByteBuffer(capacity: outgoing.count)
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
