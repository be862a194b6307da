import Synchronization

/// Sends the beginning of a batch while its caller still encodes the rest, so that the server need not wait for it.
///
/// Only on a connection that nobody else uses at that moment; otherwise the batch goes out in one piece with
/// whatever else is on its way. Measured on two cores: a tenth more XADDs in batches of 256 than without it.
final class HeadStart {
    /// The batch's own, so that the connection knows its parts as one.
    let ticket = Tickets.next()
    private(set) lazy var replies = BatchReplies(expecting: 256)
    /// What has been sent so far.
    private(set) var sent = (commands: 0, bytes: 0)
    private let connection: Connection

    init(on connection: Connection) {
        self.connection = connection
    }

    /// Sends what was encoded since the last part, if the connection is free.
    func send(_ bytes: UnsafeRawBufferPointer, commands: Int) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[sent.bytes...])
        if connection.send(part: part, replyCount: commands - sent.commands, of: self) {
            sent = (commands, bytes.count)
        }
    }
}

extension Connection {
    /// Sends some commands of a batch at once, unless others' are under way; their replies wait for the last part.
    fileprivate func send(part: UnsafeRawBufferPointer, replyCount: Int, of batch: HeadStart) -> Bool {
        let extra = CommandSlot.Extra(replyCount: replyCount, orphan: nil, batch: batch.replies, isPart: true)
        let slot = CommandSlot(
            ticket: batch.ticket, deadline: Self.roughNow() &+ commandTimeout, waiter: nil, extra: extra)
        let isSent = state.withLock { state in
            guard case .ready = state.phase, !state.isWriting, !state.socketIsFull,
                state.slots.isEmpty || state.lone.ticket == batch.ticket,
                state.hasRoom(below: configuration.maximumBytesInFlight), batch.replies.failure == nil,
                !Task.isCancelled
            else { return false }
            state.lone.ticket = batch.ticket
            state.append(slot) { $0.append(part) }
            return true
        }
        if isSent { flush() }
        return isSent
    }
}
