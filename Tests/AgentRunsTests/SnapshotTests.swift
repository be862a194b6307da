@testable import AgentRuns
import StreamKit
import TestSupport
import Testing

@Suite("A conversation as it stands")
struct SnapshotTests {
    @Test func `a snapshot and the events after its cursor make the whole answer, whenever it is taken`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for number in 0..<8 {
                try await writer.append(.text, text: "word\(number) 🗼")
                if number == 4 { try await writer.append(.llmResponse, data: "{}") }
            }
            try await writer.complete()

            let whole = try await log.history()
            for snapshot in try await snapshots(of: log) {
                let rest = whole.filter { $0.id > snapshot.cursor }
                #expect((snapshot.turns.last?.text ?? "") + rest.answer == whole.answer)
            }
            let last = try await log.snapshot()
            #expect(last.turns.map(\.status) == [.completed] && last.cursor == whole.last?.id)
            #expect(last.turns.first?.prompt == "Go" && last.turns.first?.agent == "TravelPlanner")
            #expect(last.events.map(\.kind) == [.taskStarted, .llmResponse, .taskCompleted])
        }
    }

    /// The snapshots that a viewer would have had after each entry: those of copies that end there.
    private func snapshots(of log: RunLog) async throws -> [ConversationSnapshot] {
        let copy = RunLog(redis: log.redis, conversationID: log.conversationID + "-copy")
        var snapshots: [ConversationSnapshot] = []
        for entry in try await log.stream.entries(from: .first, limit: 100) {
            let fields = entry.fields.flatMap { [$0.name, $0.value] }
            _ = try await log.redis.send(["XADD", copy.stream.key, "\(entry.id)"] + fields)
            snapshots.append(try await copy.snapshot())
        }
        try await copy.remove()
        return snapshots
    }

    @Test func `text that a lost worker half said does not count, and a committed snapshot never has it`() async throws
    {
        try await withRun { log, request in
            let first = try await log.begin(request, token: 1)
            try await first.append(.text, text: "sealed ")
            let seal = try await first.append(.llmResponse, data: "{}")
            try await first.append(.text, text: "half said")

            let before = try await log.snapshot()
            #expect(before.turns.last?.text == "sealed half said" && before.committedBytes == 7)
            let committed = before.committed()
            #expect(committed.turns.last?.text == "sealed " && committed.cursor == seal)

            let second = try await log.begin(request, token: 2)
            #expect(try await log.snapshot().turns.last?.text == "sealed ")
            try await second.append(.text, text: "whole")
            try await second.complete()
            let after = try await log.snapshot()
            #expect(after.turns.last?.text == "sealed whole" && after.committed().cursor == after.cursor)
        }
    }

    @Test func `each prompt is a turn, with how it stands`() async throws {
        try await withRun { log, request in
            try await log.begin(request, token: 1).fail(userMessage: "No rooms left.")
            var next = request
            next.correlationID = "second"
            next.message = "And now?"
            try await log.accept(next)

            let queued = try await log.snapshot()
            #expect(queued.turns.map(\.status) == [.failed, .queued])
            #expect(queued.turns.map(\.error) == ["No rooms left.", nil])
            #expect(queued.turns.map(\.prompt) == ["Go", "And now?"])
            #expect(queued.turns.map(\.correlationID) == ["first", "second"])
            #expect(queued.turns.last?.startedAt == nil)

            _ = try await log.begin(next, token: 1)
            #expect(try await log.snapshot().turns.last?.status == .running)
            try await log.cancel()
            #expect(try await log.snapshot().turns.last?.status == .cancelled)
        }
    }

    @Test func `however long the log, the events are the newest 500, and a trimmed log says so`() async throws {
        try await withRun { log, request in
            let writer = try await log.begin(request, token: 1)
            for _ in 0..<1_200 { try await writer.append(.chainOfThought, data: "{}") }
            let long = try await log.snapshot()
            #expect(long.events.count == 500 && long.events.last?.id == long.cursor && long.isTrimmed)

            _ = try await log.redis.send("XTRIM", log.stream.key, "MAXLEN", "10")
            let short = try await log.snapshot()
            #expect(short.events.count == 10 && short.isTrimmed)
        }
    }

    @Test func `an answer of another program, text and end in one entry, is a completed turn`() async throws {
        try await withScratchRedis { redis in
            let name = scratchKey("foreign")
            _ = try await redis.send("XADD", "agent-stream:\(name)", "1-1", "text", "All.", "done", "true")
            let snapshot = try await RunLog(redis: redis, conversationID: name).snapshot()
            #expect(snapshot.turns.map(\.text) == ["All."] && snapshot.turns.map(\.status) == [.completed])
            #expect(!snapshot.isTrimmed)
            _ = try await redis.send("DEL", "agent-stream:\(name)")

            await #expect(throws: RunLogError.expired(conversationID: name)) {
                try await RunLog(redis: redis, conversationID: name).snapshot()
            }
        }
    }
}
