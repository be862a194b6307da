import DequeModule

// What happens to a connected socket: bytes go out, replies come in.
extension SessionState {
    /// A write buffer larger than this is freed after use.
    private static let keptBufferBytes = 256 << 10

    // MARK: Writing

    /// Moves waiting bytes into `bytes`, for the caller to write; false if there are none, or somebody writes already.
    ///
    /// They count as sent until ``wrote(_:of:_:)`` says how many were.
    mutating func takeOutgoing(into bytes: inout ByteBuffer) -> Bool {
        guard mayWrite else { return false }
        isWriting = true
        written += UInt64(outgoing.count)
        swap(&bytes, &spare)
        swap(&bytes, &outgoing)
        return true
    }

    /// The socket took the given number of bytes; the rest goes out before newer bytes, once the socket takes more.
    mutating func wrote(_ count: Int, of bytes: inout ByteBuffer, _ attempt: UInt64) -> Effects {
        var effects = Effects()
        bytes.removeFirst(count)
        if isCurrent(attempt) {
            isWriting = false
            if !bytes.isEmpty {
                written -= UInt64(bytes.count)
                outgoing.withBytes { bytes.append($0) }
                swap(&outgoing, &bytes)
                watch(writes: true, &effects)
            }
        }
        bytes.removeAll(keepingAtMost: Self.keptBufferBytes)
        swap(&bytes, &spare)
        return effects
    }

    /// The socket has room again.
    mutating func writable() -> Effects {
        var effects = Effects()
        guard isReady else { return effects }
        watch(writes: false, &effects)
        effects.write = mayWrite
        return effects
    }

    // MARK: Reading

    /// The I/O thread finds something to read; false if a sender reads already.
    mutating func beginReading() -> Bool {
        guard isReady, !isReading else { return false }
        isReading = true
        return true
    }

    /// The reader found nothing, or stops looking.
    mutating func endReading(_ attempt: UInt64, missed: Bool = false) -> Effects {
        var effects = Effects()
        guard isCurrent(attempt) else { return effects }
        isReading = false
        if missed { inlineReads.missed() }
        watchUnlessRead(&effects)
        return effects
    }

    /// Replies came: they go to their commands, in order.
    ///
    /// Reading is over if they complete a command; otherwise the reader goes on.
    mutating func received(
        _ storage: ReplyStorage, _ roots: [Int], _ attempt: UInt64, _ clock: () -> UInt64
    ) -> Effects {
        var effects = Effects()
        guard isCurrent(attempt) else { return effects }
        effects.resume.reserveCapacity(min(roots.count, slots.count))
        var next = 0
        while next < roots.count {
            guard let slot = slots.first else { return lost(attempt, tellUnasked(), clock(), after: effects) }
            guard let batch = slot.batch else {
                finish(slot, .one(Reply(storage: storage, index: roots[next])), clock, &effects)
                next += 1
                continue
            }
            next += batch.take(roots[next...], of: storage)
            guard batch.isComplete else { break }
            finish(slot, .batch(batch), clock, &effects)
        }
        effects.keepReading = effects.resume.isEmpty
        isReading = effects.keepReading
        effects.write = mayWrite
        watchUnlessRead(&effects)
        // Callers are admitted below half the limit, so that they come back in groups.
        admitNext(&effects, below: 2)
        return effects
    }

    private mutating func finish(
        _ slot: CommandSlot, _ replies: Replies, _ clock: () -> UInt64, _ effects: inout Effects
    ) {
        slots.removeFirst()
        effects.resume.append(Resumption(slot: slot, outcome: .success(replies)))
        if slots.isEmpty { inlineReads.answered(slot.ticket, clock) }
    }

    /// A reply that nobody asked for would be taken for the reply to the next command, so the connection is given up.
    ///
    /// This is the place for pushes: a session that subscribed, or speaks RESP3, would hand them to subscribers
    /// instead, and would let the I/O thread look at the socket even while nothing is under way.
    private func tellUnasked() -> StreamKitError {
        .unexpectedReply("\(options.address) sent a reply that nobody asked for.")
    }
}
