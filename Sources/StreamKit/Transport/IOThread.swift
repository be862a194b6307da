import Foundation
import Synchronization

/// The one thread that waits for sockets, and lets each session read and write.
///
/// A thread of our own rather than a Dispatch source per socket, because a wake-up goes straight from the
/// kernel to the parser without a queue in between.
///
/// A session calls it under the session's lock, so it never calls a session while it holds its own.
final class IOThread: Sendable {
    static let shared = IOThread()

    /// How often deadlines are looked at, in milliseconds.
    private static let tickMilliseconds: UInt64 = 100

    /// The sessions whose deadlines it looks at, by number.
    let sessions = Mutex<[UInt64: Session]>([:])
    private let isRunning = Mutex(false)
    /// What it waits for; a session adds its socket under its own number.
    let sockets = SocketWatch()

    /// Starts the thread, if it does not run; false if the system has none left.
    func start() -> Bool {
        isRunning.withLock { isRunning in
            if !isRunning {
                isRunning = BackgroundThread.start("streamkit-io", stackBytes: 1 << 20) { [self] in
                    var nextTick: UInt64 = 0
                    while true { waitOnce(&nextTick) }
                }
            }
            return isRunning
        }
    }

    /// Looks after a session's deadlines from now on.
    func add(_ session: Session) {
        let isFirst = sessions.withLock { sessions in
            defer { sessions[session.number] = session }
            return sessions.isEmpty
        }
        if isFirst { sockets.wake() }
    }

    func remove(_ session: Session) {
        _ = sessions.withLock { $0.removeValue(forKey: session.number) }
    }

    private func waitOnce(_ nextTick: inout UInt64) {
        let isIdle = sessions.withLock { $0.isEmpty }
        sockets.wait(milliseconds: isIdle ? -1 : Int32(Self.tickMilliseconds)) { number, reads, writes in
            guard let session = sessions.withLock({ $0[number] }) else { return }
            // The end of a socket is read before anything is written to it: what never left is kept then.
            if reads { session.readable() }
            if writes { session.writable() }
        }
        let now = MonotonicClock.roughNow()
        guard now >= nextTick else { return }
        nextTick = now + Self.tickMilliseconds * 1_000_000
        for session in sessions.withLock({ Array($0.values) }) { session.tick(now) }
    }
}
