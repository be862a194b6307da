import FaultKit
import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import AgentRuns

@Suite("How long a log stays and what it holds", .timeLimit(.minutes(2)))
struct RetentionTests {
    @Test func `both keys expire at once, and later while a run is open`() async throws {
        try await withRun(retention: .init(timeToLive: .seconds(100))) { log, request in
            try await log.accept(request)
            let open = try await log.expiryTimes()
            let writer = try await log.begin(request, token: 1)
            try await writer.complete()
            let over = try await log.expiryTimes()

            #expect(open[0] == open[1] && over[0] == over[1])
            #expect(open[0] - over[0] > 3_000_000, "an open run stays for the longest wait as well")
        }
    }

    @Test func `an open run keeps all its entries, and the next one makes space`() async throws {
        try await withRun(retention: .init(maximumLength: 100)) { log, request in
            let writer = try await log.begin(request, token: 1)
            try await writer.append(.toolUsage, data: #"{"action":"result"}"#)
            for number in 0..<500 { try await writer.append(.text, text: "\(number) ") }
            let second = try await log.begin(request, token: 2)
            #expect(try await log.history().contains { $0.kind == .toolUsage })
            try await second.complete()

            var next = request
            next.correlationID = "second"
            try await log.accept(next)
            #expect(try await log.stream.length() < 250)
            #expect(try await log.history().last?.run == 2)
        }
    }

    @Test func `a run that never stops is told that its log is full, and can still end`() async throws {
        var retention = RunRetention(maximumLength: 10)
        retention.maximumRunLength = 20
        try await withRun(retention: retention) { log, request in
            let writer = try await log.begin(request, token: 1)
            await #expect(throws: RunLogError.full(conversationID: log.conversationID)) {
                for _ in 0..<100 { try await writer.append(.text, text: "word ") }
            }
            try await writer.fail(userMessage: "too long")

            #expect(try await log.stream.length() == 31)
            #expect(try await log.history().last?.error == "too long")
        }
    }

    @Test func `whatever the state holds, a writer and a reader get an answer or an error`() async throws {
        var generator = SeededGenerator(seed: 11)
        let values = [
            "9223372036854775807", "-1", "1e9", "nan", "", "0", "1", "2", "\u{0}", "9007199254740993", "0x10",
        ]
        let names =
            ["runs", "open", "sequence", "last_id", "run:first", "status:1"]
            + ["attempt:1", "attempts:1", "position:1", "writer:1", "checkpoint:1", "entry:1", "first:1"]
        for _ in 0..<300 {
            try await withRun { log, request in
                let writer = try await log.begin(request, token: 1)
                for _ in 0...Int.random(in: 0...2, using: &generator) {
                    let (name, value) = (
                        names.randomElement(using: &generator), values.randomElement(using: &generator)
                    )
                    try await log.stream.redis.send("HSET", log.stateKey, name ?? "", value ?? "")
                }
                for body in [
                    { try await log.accept(request) }, { _ = try await log.begin(request, token: 2) },
                    { _ = try await writer.append(.text, text: "x") }, { try await log.cancel() },
                    { try await log.close(request, userMessage: "x") }, { _ = try await log.stage(of: request) },
                ] as [() async throws -> Void] {
                    do { try await body() } catch is RunLogError {}
                }
            }
        }
    }

    @Test func `a damaged state is reported to those who follow`() async throws {
        try await withRun { log, request in
            try await log.accept(request)
            try await log.stream.redis.send("HSET", log.stateKey, "open", "many")
            await #expect(throws: RunLogError.damaged(conversationID: log.conversationID, field: "open")) {
                for try await _ in log.events(after: .beginning) {}
            }
        }
    }
}

extension RunLog {
    /// When both keys expire, in milliseconds since the Unix epoch.
    fileprivate func expiryTimes() async throws -> [Int] {
        var times: [Int] = []
        for key in [stream.key, stateKey] {
            times.append(try await stream.redis.send("PEXPIRETIME", key).integer ?? -1)
        }
        return times
    }
}
