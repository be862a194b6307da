#if !os(Linux)
import Foundation
import Synchronization

/// What the I/O thread waits for: a list for `poll`, and a pipe that says that the list changed.
final class SocketWatch: Sendable {
    private struct Interest {
        let number: UInt64
        var events = Int16(POLLIN)
    }

    private let interests = Mutex<[Int32: Interest]>([:])
    private let wakeUp: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        precondition(made == 0, "No file descriptor is left for StreamKit's I/O thread.")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wakeUp = (ends[0], ends[1])
    }

    func add(_ descriptor: Int32, _ number: UInt64) {
        interests.withLock { $0[descriptor] = Interest(number: number) }
        wake()
    }

    func update(_ descriptor: Int32, _ number: UInt64, reads: Bool, writes: Bool) {
        let events = Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0))
        interests.withLock { $0[descriptor]?.events = events }
        wake()
    }

    func remove(_ descriptor: Int32) {
        interests.withLock { _ = $0.removeValue(forKey: descriptor) }
    }

    /// Ends the present wait, or the next one.
    func wake() {
        var byte: UInt8 = 1
        _ = write(wakeUp.write, &byte, 1)
    }

    /// Waits until a socket is ready, but no longer than the given number of milliseconds; -1 means forever.
    func wait(milliseconds: Int32, _ body: (_ number: UInt64, _ reads: Bool, _ writes: Bool) -> Void) {
        let current = interests.withLock { Array($0) }
        var descriptors = [pollfd(fd: wakeUp.read, events: Int16(POLLIN), revents: 0)]
        descriptors += current.map { pollfd(fd: $0.key, events: $0.value.events, revents: 0) }
        _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if descriptors[0].revents != 0 { drainWakeUps() }
        for (interest, descriptor) in zip(current, descriptors.dropFirst()) where descriptor.revents != 0 {
            let events = Int32(descriptor.revents)
            body(interest.value.number, events & ~POLLOUT != 0, events & POLLOUT != 0)
        }
    }

    private func drainWakeUps() {
        var scratch = [UInt8](repeating: 0, count: 256)
        while read(wakeUp.read, &scratch, scratch.count) > 0 {}
    }
}
#endif
