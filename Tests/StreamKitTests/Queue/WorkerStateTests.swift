import Testing

@testable import StreamKit

@Suite("Worker state")
struct WorkerStateTests {
    private let task: DeliveredTask

    init() throws {
        let wire = "*4\r\n$6\r\nnormal\r\n$3\r\n1-0\r\n:1\r\n*2\r\n$7\r\npayload\r\n$2\r\n{}\r\n"
        let reply = try #require(try Array(wire.utf8).withUnsafeBytes { try ReplyParser().replies(in: $0) }.first)
        task = try #require(DeliveredTask(reply, generation: 1))
    }

    @Test func `a task that comes while a sweep keeps the place waits for it, and is not handed back`() {
        let state = WorkerState(concurrency: 1)
        #expect(state.reserve(upTo: 1) == 1)
        state.arrive([task])

        #expect(!state.snapshot.hasArrived, "the loop would turn for nothing")
        let early = state.takeArrived()
        #expect(early.start.isEmpty && early.excess.isEmpty)

        state.release(1)
        #expect(state.snapshot.hasArrived)
        let late = state.takeArrived()
        #expect(late.start.count == 1 && late.excess.isEmpty)
    }

    @Test func `a task too many is handed back`() {
        let state = WorkerState(concurrency: 1)
        state.arrive([task, task])
        let taken = state.takeArrived()
        #expect(taken.start.count == 1 && taken.excess.count == 1)
        #expect(!state.snapshot.hasArrived)
    }
}
