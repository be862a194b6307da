import Testing

@testable import StreamKit

/// The state machine alone: no server, no socket, no task, no clock.
@Suite("A session's state")
struct SessionStateTests {
    private static let steps = 50_000

    @Test(arguments: 0..<20)
    func `in any order of events each task is resumed once, with its own replies, and nothing is sent twice`(
        seed: UInt64
    ) {
        var model = SessionModel(seed: seed)
        for _ in 0..<Self.steps { model.step() }
        model.finish()

        let (faults, tally) = (model.faults, model.tally)
        #expect(faults == [])
        // A run in which little happened would prove little.
        for event in ["answered", "answered late", "failed", "cancelled", "admitted", "broken"] {
            #expect(tally[event, default: 0] > 50, "\(event)")
        }
    }

    @Test(arguments: 0..<200)
    func `a session that does not reconnect resumes every task, too`(seed: UInt64) {
        var model = SessionModel(seed: seed, reconnects: false)
        for _ in 0..<300 { model.step() }
        model.finish()

        let faults = model.faults
        #expect(faults == [])
    }

    @Test func `a command fails at its deadline while the connection is still being made`() {
        var state = SessionState(.init())
        let submitted = state.submit(.test(1, deadline: 50), { 0 }) { _ in }
        let early = state.tick(49)
        let late = state.tick(50)

        #expect(submitted.connect)
        #expect(early.resume.isEmpty)
        #expect(late.resume.map(\.slot.ticket) == [1])
    }

    @Test func `an attempt to connect ends in time whatever it waits for, and a later socket is refused`() {
        var state = SessionState(.init(connectTimeout: 100))
        _ = state.submit(.test(1), { 0 }) { _ in }
        let late = state.tick(101)
        let socket = state.connected(1, 102)

        #expect(late.resume.map(\.slot.ticket) == [1])
        #expect(!socket.isWanted)
    }

    @Test func `a socket that connects after the end is refused`() {
        var state = SessionState(.init())
        _ = state.submit(.test(1), { 0 }) { _ in }
        let closed = state.close()
        let socket = state.connected(1, 1)
        let failed = state.connectFailed(1, .cannotConnect("no"), 1) { _ in 0 }

        #expect(closed.end && closed.resume.map(\.slot.ticket) == [1])
        #expect(!socket.isWanted)
        #expect(!failed.connect && failed.resume.isEmpty)
    }

    @Test func `an unused connection is closed after a while, and one in use is not`() {
        var state = SessionState(.init(reconnects: false, idleTimeout: 100))
        _ = state.submit(.test(1), { 0 }) { _ in }
        _ = state.connected(1, 1)
        let inUse = state.tick(1_000)
        let tokens = [ReplyStorage.Token(value: 1, offset: 0, kind: .integer)]
        let reply = ReplyStorage(copying: tokens, count: 1, text: UnsafeRawBufferPointer(start: nil, count: 0))
        _ = state.received(reply, [0], 1) { 1_001 }
        let soon = state.tick(1_050)
        let later = state.tick(1_200)

        #expect(!inUse.end && !soon.end)
        #expect(later.end && later.dropSocket)
    }
}

extension CommandSlot {
    /// A slot that nobody waits for.
    static func test(_ ticket: UInt64, deadline: UInt64 = .max) -> CommandSlot {
        CommandSlot(ticket: ticket, deadline: deadline, waiter: nil, batch: nil)
    }
}
