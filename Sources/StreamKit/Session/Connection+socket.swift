import DequeModule
import Synchronization

// What happens to a connected socket: writing and reading.
extension Connection {
    /// Memory of a write buffer beyond this is given back after use.
    private static let keptBufferBytes = 256 << 10

    /// Writes what waits, until nothing does or the socket is full.
    ///
    /// One writer at a time; the lock is not held while the kernel copies, so others go on encoding.
    func flush() {
        var bytes = ByteBuffer(capacity: 0)
        while let socket = takeOutgoing(&bytes) {
            switch bytes.withBytes({ socket.write($0) }) {
            case .bytes(let number):
                finishWriting(&bytes, sent: number, on: socket)
            case .wouldBlock:
                finishWriting(&bytes, sent: 0, on: socket)
                return
            case .failed:
                // Nothing of it left, so it goes back first. Then the I/O thread finds the end of the
                // connection and sorts out who is affected.
                finishWriting(&bytes, sent: 0, on: socket)
                socket.shutDown()
                return
            }
        }
    }

    private func takeOutgoing(_ bytes: inout ByteBuffer) -> Socket? {
        state.withLock { state in
            guard case .ready(let socket) = state.phase, !state.isWriting, !state.socketIsFull,
                !state.outgoing.isEmpty
            else { return nil }
            state.isWriting = true
            state.written += UInt64(state.outgoing.count)
            swap(&bytes, &state.spare)
            swap(&bytes, &state.outgoing)
            return socket
        }
    }

    /// Puts what the kernel did not take in front of what came meanwhile.
    private func finishWriting(_ bytes: inout ByteBuffer, sent: Int, on socket: Socket) {
        state.withLock { state in
            bytes.removeFirst(sent)
            defer {
                bytes.removeAll(keepingAtMost: Self.keptBufferBytes)
                swap(&bytes, &state.spare)
            }
            guard case .ready(let current) = state.phase, current === socket else { return }
            state.isWriting = false
            guard !bytes.isEmpty else { return }
            state.socketIsFull = true
            state.written -= UInt64(bytes.count)
            state.outgoing.withBytes { bytes.append($0) }
            swap(&state.outgoing, &bytes)
            IOThread.shared.update(socket, of: number, reads: state.lone.isWatched, writes: true)
        }
    }

    /// The socket has room again.
    func writable() {
        state.withLock { state in
            guard state.socketIsFull, case .ready(let socket) = state.phase else { return }
            state.socketIsFull = false
            IOThread.shared.update(socket, of: number, reads: state.lone.isWatched, writes: false)
        }
        flush()
    }

    /// The socket has bytes, or an end: for the I/O thread, unless a caller reads at this moment.
    func readable() {
        let socket: Socket? = state.withLock { state in
            guard !state.isReading, case .ready(let socket) = state.phase else { return nil }
            state.isReading = true
            return socket
        }
        guard let socket else { return }
        // A command may have been sent meanwhile whose sender left the reading to this thread.
        if case .nothing = read(socket) { state.withLock { endReading(in: &$0) } }
    }

    enum Outcome {
        case nothing, replies, ended
    }

    /// Reads what is there and hands out the replies; after any other outcome than nothing, reading is over.
    func read(_ socket: Socket) -> Outcome {
        switch socket.read(into: inbox) {
        case .wouldBlock: return .nothing
        case .failed(let reason):
            disconnected(socket, "The connection to \(configuration) broke: \(reason).")
            return .ended
        case .bytes(let number):
            do {
                let bytes = UnsafeRawBufferPointer(rebasing: inbox[..<number])
                guard let storage = try parser.parse(bytes) else { return .nothing }
                return try deliver(storage, parser.roots, on: socket) ? .replies : .nothing
            } catch let error as StreamKitError {
                disconnected(socket, error.description)
            } catch {
                disconnected(socket, "\(error)")
            }
            return .ended
        }
    }

    private struct Finished {
        let slot: CommandSlot
        let reply: Reply
    }

    /// Hands replies to the commands they answer; whether any command is complete with them.
    ///
    /// A reply that nobody asked for would be taken for the answer to the next command, so the connection is
    /// given up. MONITOR and SUBSCRIBE cause such replies.
    private func deliver(_ storage: ReplyStorage, _ roots: [Int], on socket: Socket) throws -> Bool {
        var isOutOfStep = false
        var finished: [Finished] = []
        var admitted: CommandSlot?
        let mayWrite = state.withLock { state in
            finished.reserveCapacity(min(roots.count, state.slots.count))
            var handedOut = 0
            while handedOut < roots.count {
                guard let slot = state.slots.first else {
                    isOutOfStep = true
                    break
                }
                let reply = Reply(storage: storage, index: roots[handedOut])
                if let extra = slot.extra, extra.batch != nil {
                    handedOut += extra.take(roots[handedOut...], of: storage)
                    guard extra.isComplete else { break }
                } else {
                    handedOut += 1
                }
                state.slots.removeFirst()
                finished.append(Finished(slot: slot, reply: reply))
            }
            if let first = finished.first, first.slot.ticket == state.lone.ticket {
                if state.slots.isEmpty { state.lone.answered(Self.now()) }
            }
            // Out of step, nobody is to read any more.
            if !finished.isEmpty, !isOutOfStep { endReading(in: &state) }
            // Half of it, so that callers come back in groups.
            if state.bytesInFlight < state.admission.limit / 2 { admitted = state.admitNext() }
            return !state.outgoing.isEmpty
        }
        if mayWrite { flush() }
        for one in finished { one.slot.finish(with: one.reply) }
        admitted?.waiter?.resume(returning: .admitted)
        if isOutOfStep {
            throw StreamKitError.unexpectedReply("\(configuration) sent a reply that nobody asked for.")
        }
        return !finished.isEmpty
    }
}
