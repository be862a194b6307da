import DequeModule
import Synchronization

// What happens to a connected socket: writing, reading, deadlines.
extension Connection {
    /// The socket to poll, and whether it should be polled for room to write.
    func interest() -> (socket: Socket, wantsToWrite: Bool)? {
        state.withLock { state in
            if case .ready(let socket) = state.phase { (socket, state.socketIsFull) } else { nil }
        }
    }

    /// Writes what waits, until nothing does or the socket is full.
    ///
    /// One writer at a time; the lock is not held while the kernel copies, so others go on encoding.
    func flush() {
        var spare = ByteBuffer(capacity: 16 << 10)
        while let socket = takeOutgoing(&spare) {
            let result = spare.withBytes { socket.write($0) }
            switch result {
            case .bytes(let number):
                finishWriting(&spare, sent: number, on: socket)
            case .wouldBlock:
                finishWriting(&spare, sent: 0, on: socket)
                IOThread.shared.wake()
                return
            case .failed:
                // Nothing of it left, so it goes back first. Then the I/O thread finds the end of the
                // connection and sorts out who is affected.
                finishWriting(&spare, sent: 0, on: socket)
                socket.shutDown()
                return
            }
        }
    }

    private func takeOutgoing(_ spare: inout ByteBuffer) -> Socket? {
        state.withLock { state in
            guard case .ready(let socket) = state.phase, !state.isWriting, !state.socketIsFull,
                !state.outgoing.isEmpty
            else { return nil }
            state.isWriting = true
            state.written += UInt64(state.outgoing.count)
            swap(&state.outgoing, &spare)
            return socket
        }
    }

    /// Puts what the kernel did not take in front of what came meanwhile.
    private func finishWriting(_ spare: inout ByteBuffer, sent: Int, on socket: Socket) {
        state.withLock { state in
            spare.removeFirst(sent)
            defer { spare.removeAll() }
            guard case .ready(let current) = state.phase, current === socket else { return }
            state.isWriting = false
            guard !spare.isEmpty else { return }
            state.socketIsFull = true
            state.written -= UInt64(spare.count)
            state.outgoing.withBytes { spare.append($0) }
            swap(&state.outgoing, &spare)
        }
    }

    /// The socket has room again.
    func writable(_ socket: Socket) {
        state.withLock { state in
            if case .ready(let current) = state.phase, current === socket { state.socketIsFull = false }
        }
        flush()
    }

    /// The socket has bytes, or an end.
    func readable(_ socket: Socket) {
        switch socket.read(into: inbox) {
        case .wouldBlock: break
        case .failed(let reason): disconnected(socket, "The connection to \(configuration) broke: \(reason).")
        case .bytes(let number):
            do {
                let replies = try parser.replies(in: UnsafeRawBufferPointer(rebasing: inbox[..<number]))
                deliver(replies)
            } catch let error as StreamKitError {
                disconnected(socket, error.description)
            } catch {
                disconnected(socket, "\(error)")
            }
        }
    }

    private func deliver(_ replies: [Reply]) {
        var finished: [CommandSlot] = []
        state.withLock { state in
            for reply in replies {
                guard !state.slots.isEmpty else { break }
                if state.slots[0].replyCount == 1 {
                    var slot = state.slots.removeFirst()
                    slot.replies = [reply]
                    finished.append(slot)
                } else {
                    state.slots[0].replies.append(reply)
                    if state.slots[0].replies.count == state.slots[0].replyCount {
                        finished.append(state.slots.removeFirst())
                    }
                }
            }
        }
        flush()
        for slot in finished { slot.finish(.success(slot.replies)) }
    }

    /// Looks at deadlines: a command that waited too long fails, and as replies come in order, the
    /// connection is given up with it.
    func tick(_ now: UInt64) {
        reconnectIfDue(now)
        giveUpUnsent(now)
        var late: [CommandSlot] = []
        let socket: Socket? = state.withLock { state in
            guard let first = state.slots.first else { return nil }
            if first.deadline <= now, case .ready(let socket) = state.phase { return socket }
            guard state.slots.contains(where: { $0.deadline <= now && $0.waiter != nil }) else { return nil }
            for index in state.slots.indices where state.slots[index].deadline <= now {
                late.append(state.slots[index])
                state.slots[index].waiter = nil
            }
            return nil
        }
        let error = StreamKitError.timedOut(
            "Redis at \(configuration) did not answer in time. It may be busy, out of reach, or still be working.")
        for slot in late { slot.waiter?.resume(throwing: error) }
        if let socket { disconnected(socket, error.description, error) }
    }
}
