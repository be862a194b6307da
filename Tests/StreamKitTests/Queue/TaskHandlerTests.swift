import StreamKit
import TestSupport
import Testing

@Suite("Handlers of queued tasks")
struct TaskHandlerTests {
    @Test func `a handler that cancels the Swift task it runs in does not cancel those after it`() async throws {
        try await withScratchQueue { queue in
            let cancelled = Shared<[Int]>([])
            try await queue.enqueue(contentsOf: (0..<60).map { Job(number: $0) })

            try await working(on: queue, concurrency: 4) { task in
                if Task.isCancelled { cancelled.withLock { $0.append(task.payload.number) } }
                if task.payload.number.isMultiple(of: 3) { withUnsafeCurrentTask { $0?.cancel() } }
            } until: {
                try await queue.status().isEmpty
            }

            #expect(cancelled.withLock { $0 } == [])
        }
    }

    @Test func `as many handlers run at once as the concurrency allows, even after quick ones`() async throws {
        try await withScratchQueue { queue in
            let (running, most) = (Shared(0), Shared(0))
            let isOpen = Shared(false)
            try await queue.enqueue(contentsOf: (0..<330).map { Job(number: $0) })

            try await working(on: queue, concurrency: 10) { task in
                if task.payload.number < 300 { return }
                let now = running.withLock { running in
                    running += 1
                    return running
                }
                most.withLock { $0 = max($0, now) }
                while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                running.withLock { $0 -= 1 }
            } until: {
                if running.withLock({ $0 }) == 10 { isOpen.withLock { $0 = true } }
                return try await queue.status().isEmpty
            }

            #expect(most.withLock { $0 } == 10)
        }
    }
}
