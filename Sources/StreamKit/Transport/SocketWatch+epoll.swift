#if os(Linux)
import CHiredis
import Foundation

/// What the I/O thread waits for: on Linux an epoll queue, which any thread may change during a wait.
///
/// `poll` needs the whole list again for each wait, and a pipe to say that the list changed.
///
/// Safety: the kernel guards the queue; `events` belongs to the thread that waits.
final class SocketWatch: @unchecked Sendable {
    private static let capacity = 64
    /// The number that stands for our own wake-up.
    private static let wakeUpNumber = UInt64.max

    private static let (reads, writes, end) = (
        UInt32(STREAMKIT_EPOLL_IN), UInt32(STREAMKIT_EPOLL_OUT), UInt32(STREAMKIT_EPOLL_END)
    )

    private let queue = epoll_create1(O_CLOEXEC)
    private let wakeUp = eventfd(0, O_CLOEXEC | O_NONBLOCK)
    private let events = UnsafeMutablePointer<streamkit_epoll_event>.allocate(capacity: capacity)

    init() {
        precondition(queue >= 0 && wakeUp >= 0, "No file descriptor is left for StreamKit's I/O thread.")
        control(STREAMKIT_EPOLL_ADD, wakeUp, Self.wakeUpNumber, Self.reads)
    }

    func add(_ descriptor: Int32, _ number: UInt64) {
        control(STREAMKIT_EPOLL_ADD, descriptor, number, Self.reads | Self.end)
    }

    func update(_ descriptor: Int32, _ number: UInt64, reads: Bool, writes: Bool) {
        let wanted = (reads ? Self.reads : 0) | (writes ? Self.writes : 0)
        control(STREAMKIT_EPOLL_CHANGE, descriptor, number, wanted | Self.end)
    }

    func remove(_ descriptor: Int32) {
        control(STREAMKIT_EPOLL_REMOVE, descriptor, 0, 0)
    }

    /// Ends the present wait, or the next one.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeUp, &one, 8)
    }

    /// Waits until a socket is ready, but no longer than the given number of milliseconds; -1 means forever.
    func wait(milliseconds: Int32, _ body: (_ number: UInt64, _ reads: Bool, _ writes: Bool) -> Void) {
        let count = streamkit_epoll_wait(queue, events, Int32(Self.capacity), milliseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = events[index]
            guard event.number != Self.wakeUpNumber else {
                var count: UInt64 = 0
                _ = read(wakeUp, &count, 8)
                continue
            }
            body(event.number, event.events & ~Self.writes != 0, event.events & Self.writes != 0)
        }
    }

    private func control(_ operation: Int, _ descriptor: Int32, _ number: UInt64, _ wanted: UInt32) {
        var event = streamkit_epoll_event(events: wanted, number: number)
        _ = streamkit_epoll_control(queue, Int32(operation), descriptor, &event)
    }
}
#endif
