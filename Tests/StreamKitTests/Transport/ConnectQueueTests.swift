import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("The queue of attempts to connect")
struct ConnectQueueTests {
    @Test func `runs no more attempts at a time than its limit, and all of them in the end`() async throws {
        let queue = ConnectQueue(most: 3) { BackgroundThread.start("test", stackBytes: 256 << 10, $0) }
        let figures = Mutex((running: 0, most: 0, done: 0))
        for _ in 0..<60 {
            queue.add(
                .init(
                    run: {
                        figures.withLock { figures in
                            figures.running += 1
                            figures.most = max(figures.most, figures.running)
                        }
                        for _ in 0..<100 { figures.withLock { _ in } }
                        figures.withLock { figures in
                            figures.running -= 1
                            figures.done += 1
                        }
                    }, fail: { Issue.record("a thread could not be started") }))
        }

        try await eventually("all are done") { figures.withLock { $0.done == 60 } }
        #expect(figures.withLock { $0.most } <= 3)
    }

    @Test func `fails an attempt for which there is no thread`() {
        let queue = ConnectQueue(most: 3) { _ in false }
        let failures = Atomic<Int>(0)

        for _ in 0..<5 {
            queue.add(
                .init(
                    run: { Issue.record("it ran without a thread") },
                    fail: { failures.wrappingAdd(1, ordering: .relaxed) }))
        }

        #expect(failures.load(ordering: .relaxed) == 5)
    }

    @Test func `keeps an attempt for a running thread if no other can be started`() async throws {
        let threads = Atomic<Int>(0)
        let mayGoOn = Atomic<Bool>(false)
        let done = Atomic<Int>(0)
        let queue = ConnectQueue(most: 3) { body in
            threads.wrappingAdd(1, ordering: .relaxed).oldValue == 0
                && BackgroundThread.start("test", stackBytes: 256 << 10, body)
        }
        for _ in 0..<5 {
            queue.add(
                .init(
                    run: {
                        while !mayGoOn.load(ordering: .relaxed) {}
                        done.wrappingAdd(1, ordering: .relaxed)
                    }, fail: { Issue.record("it failed") }))
        }

        mayGoOn.store(true, ordering: .relaxed)

        try await eventually("all are done") { done.load(ordering: .relaxed) == 5 }
    }
}
