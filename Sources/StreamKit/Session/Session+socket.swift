import Foundation
import Synchronization

// What the shell does with a connected socket, and what others may ask about it.
extension Session {
    var link: Link? { guarded.withLock { $0.link } }

    var identity: ClientIdentity? { guarded.withLock { $0.identity } }

    var isConnected: Bool { link != nil }

    /// Writes what waits, until nothing does or the socket is full.
    ///
    /// One writer at a time; the lock is not held while the kernel copies, so others go on encoding.
    func flush() {
        var bytes = ByteBuffer(capacity: 0)
        while let link = guarded.withLock({ $0.state.takeOutgoing(into: &bytes) ? $0.link : nil }) {
            let result = bytes.withBytes { link.write($0) }
            let count = if case .bytes(let count) = result { count } else { 0 }
            handle { $0.wrote(count, of: &bytes, link.attempt) }
            switch result {
            case .bytes: break
            case .wouldBlock: return
            // None of it was sent, so it is kept. The I/O thread will find the end, and which commands are affected.
            case .failed: return link.shutDown()
            }
        }
    }

    /// The socket has room again.
    func writable() {
        handle { $0.writable() }
    }

    /// The socket has bytes, or has ended; the I/O thread reads, unless a sender does so at this moment.
    func readable() {
        guard let link = guarded.withLock({ $0.state.beginReading() ? $0.link : nil }) else { return }
        // Meanwhile another command may have been sent whose sender leaves the reading to this thread.
        if readOnce(link) { handle { $0.endReading(link.attempt) } }
    }

    /// Looks for the reply for a short time.
    func readInline(_ attempt: UInt64) {
        guard let link, link.attempt == attempt else { return }
        let end = MonotonicClock.now() &+ InlineReads.longest
        repeat {
            guard readOnce(link) else { return }
            sched_yield()
        } while MonotonicClock.now() < end && !Task.isCancelled
        let missed = !Task.isCancelled
        handle { $0.endReading(link.attempt, missed: missed) }
    }

    /// Reads what is there; false if that ends the reading.
    private func readOnce(_ link: Link) -> Bool {
        switch link.read() {
        case .nothing: return true
        case .replies(let storage):
            return handle { $0.received(storage, link.parser.roots, link.attempt, MonotonicClock.now) }.keepReading
        case .broke(let reason):
            return lost(link, "The connection to \(address) broke: \(reason).")
        case .unreadable(let error):
            return lost(link, error.description)
        }
    }

    private func lost(_ link: Link, _ reason: String) -> Bool {
        handle { $0.lost(link.attempt, .connectionLost(reason, outcomeUnknown: true), MonotonicClock.now()) }
        return false
    }
}

extension SessionState.Options {
    /// The options of the connection that all tasks share.
    ///
    /// With an `idleTimeout` they are those of a connection for commands that block, one at a time.
    init(_ configuration: RedisConfiguration, idleTimeout: Duration? = nil) {
        let isShared = idleTimeout == nil
        self.init(
            address: "\(configuration)", reconnects: isShared,
            readsInline: isShared && sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1,
            limit: configuration.maximumBytesInFlight,
            // A little longer than the attempt's own limit, because the attempt's error says more about the reason.
            connectTimeout: configuration.timeouts.connect.nanoseconds &+ 1_000_000_000,
            idleTimeout: idleTimeout?.nanoseconds ?? .max)
    }
}
