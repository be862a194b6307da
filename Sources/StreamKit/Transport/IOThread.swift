import Foundation
import Synchronization

/// The one thread that waits for sockets, and lets each connection read and write.
///
/// A thread of our own rather than a Dispatch source per socket, because a wake-up goes straight from the
/// kernel to the parser without a queue in between.
///
/// Safety: `connections` is guarded by the lock; everything a connection does on this thread happens in
/// `readable`, `writable` and `tick`, which only this thread calls.
final class IOThread: Sendable {
    static let shared = IOThread()

    /// How often deadlines are looked at, in milliseconds.
    private static let tickMilliseconds: UInt64 = 100

    private let connections = Mutex<[UInt64: Connection]>([:])
    private let sockets = SocketWatch()

    private init() {
        let thread = Thread { [self] in
            var nextTick: UInt64 = 0
            while true { waitOnce(&nextTick) }
        }
        thread.name = "streamkit-io"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Looks after a connection's deadlines from now on.
    func add(_ connection: Connection) {
        let isFirst = connections.withLock { connections in
            defer { connections[connection.number] = connection }
            return connections.isEmpty
        }
        if isFirst { sockets.wake() }
    }

    func remove(_ connection: Connection) {
        _ = connections.withLock { $0.removeValue(forKey: connection.number) }
    }

    /// Looks for something to read on a socket from now on.
    func watch(_ socket: Socket, of number: UInt64) {
        sockets.add(socket.descriptor, number)
    }

    /// Looks for something else on a socket from now on; its end is always looked for.
    func update(_ socket: Socket, of number: UInt64, reads: Bool, writes: Bool) {
        sockets.update(socket.descriptor, number, reads: reads, writes: writes)
    }

    func forget(_ socket: Socket) {
        sockets.remove(socket.descriptor)
    }

    private func waitOnce(_ nextTick: inout UInt64) {
        let isIdle = connections.withLock { $0.isEmpty }
        sockets.wait(milliseconds: isIdle ? -1 : Int32(Self.tickMilliseconds)) { number, reads, writes in
            guard let connection = connections.withLock({ $0[number] }) else { return }
            // The end of a socket is read before anything is written to it: what never left is kept then.
            if reads { connection.readable() }
            if writes { connection.writable() }
        }
        let now = Connection.roughNow()
        guard now >= nextTick else { return }
        nextTick = now + Self.tickMilliseconds * 1_000_000
        for connection in connections.withLock({ Array($0.values) }) { connection.tick(now) }
    }
}
