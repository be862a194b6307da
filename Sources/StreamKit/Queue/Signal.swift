/// Wakes one waiter at a time; what is sent while nobody waits is kept as one signal.
final class Signal: Sendable {
    private let pair = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    func send() { pair.continuation.yield() }

    /// Returns at the next signal, or as soon as the waiting task is cancelled.
    func wait() async {
        for await _ in pair.stream { return }
    }
}

/// Stays open once it was opened.
final class Gate: Sendable {
    private let pair = AsyncStream.makeStream(of: Never.self)

    func open() { pair.continuation.finish() }

    /// Returns once the gate is open, or as soon as the waiting task is cancelled.
    func wait() async {
        for await _ in pair.stream {}
    }
}
