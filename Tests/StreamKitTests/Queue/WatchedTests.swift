import TestSupport
import Testing

@testable import StreamKit

@Suite("Waiting for a condition", .timeLimit(.minutes(5)))
struct WatchedTests {
    @Test func `a condition that is met lets a task go on at once, and so does a cancellation`() async {
        let number = Watched(1)
        await number.wait { $0 == 1 }

        let cancelled = Task { await number.wait { $0 == 2 } }
        cancelled.cancel()
        await cancelled.value
        #expect(number.withLock { $0 } == 1)
    }

    @Test func `a change wakes those whose condition it meets, and nobody else`() async {
        let number = Watched(0)
        let woken = Shared<[Int]>([])
        await withTaskGroup { group in
            for goal in 1...3 {
                group.addTask {
                    await number.wait { $0 >= goal }
                    woken.withLock { $0.append(goal) }
                    number.withLock { $0 += 1 }
                }
            }
            for _ in 0..<100 { await Task.yield() }
            #expect(woken.withLock { $0 } == [])
            number.withLock { $0 = 1 }
        }
        #expect(woken.withLock { $0 } == [1, 2, 3])
    }

    @Test func `no change is missed, whenever a wait begins and whichever waiter is cancelled`() async {
        for _ in 0..<200 {
            let isOpen = Watched(false)
            let cancelled = Task { await isOpen.wait { $0 } }
            let waiting = Task { await isOpen.wait { $0 } }
            let opening = Task { isOpen.withLock { $0 = true } }
            cancelled.cancel()
            _ = await (cancelled.value, waiting.value, opening.value)
        }
    }
}
