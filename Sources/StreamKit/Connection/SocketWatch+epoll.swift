#if os(Linux)
import CHiredis
import Foundation

/// What the I/O thread waits for: on Linux an epoll queue, which any thread may change while it is waited for.
///
/// `poll` needs the whole list again for each wait, and a pipe to say that the list changed.
///
/// Safety: the kernel guards the queue; `events` belongs to the thread that waits.
final class SocketWatch: @unchecked Sendable {
    private static let capacity = 64
    /// The number that stands for our own wake-up.
    private static let wakeUpNumber = UInt64.max

    private let queue = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)

    init() {
        precondition(queue >= 0 && wakeUp >= 0, "No file descriptor is left for StreamKit's I/O thread.")
        control(EPOLL_CTL_ADD, wakeUp, Self.wakeUpNumber, EPOLLIN.rawValue)
    }

    func add(_ descriptor: Int32, _ number: UInt64) {
        control(EPOLL_CTL_ADD, descriptor, number, EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
    }

    func update(_ descriptor: Int32, _ number: UInt64, reads: Bool, writes: Bool) {
        let wanted = (reads ? EPOLLIN.rawValue : 0) | (writes ? EPOLLOUT.rawValue : 0)
        control(EPOLL_CTL_MOD, descriptor, number, wanted | EPOLLRDHUP.rawValue)
    }

    func remove(_ descriptor: Int32) {
        control(EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Ends the present wait, or the next one.
    func wake() {
        eventfd_write(wakeUp, 1)
    }

    /// Waits until a socket is ready, but no longer than so many milliseconds; -1 means for ever.
    func wait(milliseconds: Int32, _ body: (_ number: UInt64, _ reads: Bool, _ writes: Bool) -> Void) {
        let count = epoll_wait(queue, events, Int32(Self.capacity), milliseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let event = events[index]
            guard event.data.u64 != Self.wakeUpNumber else {
                var value: eventfd_t = 0
                eventfd_read(wakeUp, &value)
                continue
            }
            body(event.data.u64, event.events & ~EPOLLOUT.rawValue != 0, event.events & EPOLLOUT.rawValue != 0)
        }
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ number: UInt64, _ wanted: UInt32) {
        var event = epoll_event(events: wanted, data: epoll_data_t(u64: number))
        epoll_ctl(queue, operation, descriptor, &event)
    }
}
#endif
