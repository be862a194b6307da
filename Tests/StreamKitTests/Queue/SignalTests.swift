import Synchronization
import Testing

@testable import StreamKit

@Suite("Signals and gates between a worker's tasks", .timeLimit(.minutes(5)))
struct SignalTests {
    @Test func `a gate stays closed after a task that waited for it was cancelled`() async {
        let gate = Gate()
        let cancelled = Task { await gate.wait() }
        cancelled.cancel()
        await cancelled.value

        let opened = Mutex(false)
        let waiting = Task {
            await gate.wait()
            return opened.withLock { $0 }
        }
        opened.withLock { $0 = true }
        gate.open()

        #expect(await waiting.value)
    }

    @Test func `a closed gate makes a second task wait, too`() async {
        let gate = Gate()
        for _ in 1...3 {
            let winner = await withTaskGroup(of: String.self) { race in
                race.addTask {
                    await gate.wait()
                    return Task.isCancelled ? "cancelled" : "gate"
                }
                race.addTask {
                    for _ in 0..<100 { await Task.yield() }
                    return "other"
                }
                defer { race.cancelAll() }
                return await race.next()
            }
            #expect(winner == "other")
        }
    }

    @Test func `a signal that nobody waits for is kept, once`() async {
        let signal = Signal()
        signal.send()
        signal.send()
        await signal.wait()

        let second = Task { await signal.wait() }
        signal.send()
        await second.value
    }

    @Test func `a signal that meets a cancelled wait reaches the next one`() async {
        for _ in 0..<50 {
            let signal = Signal()
            let cancelled = Task { await signal.wait() }
            await Task.yield()
            cancelled.cancel()
            signal.send()
            await cancelled.value

            await signal.wait()
        }
    }
}
