// Cancels thousands of blocking reads at random moments; then looks for what they left behind.
// Run:    ./lesson stress cancel
// Expect: no connection, descriptor or thread more than before, and no entry lost to a cancelled read.

import LocalRedis
import ArgumentParser
import StreamKit
import Synchronization

struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel blocking reads at random moments; look for leaks and lost entries.")

    @Option(help: "How many reads.") var reads = 10_000
    @Option(help: "How many at a time.") var atOnce = 64
    @Option(help: "Seconds after which the program gives up.") var limit = 300

    /// The connections of the last few reads, which a client keeps for half a minute, and its shared one.
    private static let kept = 17

    func run() async throws {
        let plan = self
        let verdict = try await within(.seconds(limit)) {
            try await withLocalRedis { server in
                try await withRedis(server.configuration) { try await plan.run(on: $0, watchedBy: server) }
            }
        }
        try verdict.conclude()
    }

    private func run(on redis: Redis, watchedBy server: LocalRedis) async throws -> Verdict {
        let stream = redis.stream("stress:cancel")
        let consumer = stream.group("g").consumer("c")
        try await stream.group("g").create()
        let before = ProcessFigures.now()
        let outcome = Ledger()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<reads {
                if number >= atOnce { try await group.next() }
                group.addTask { try await read(number, stream, consumer, outcome) }
            }
            try await group.waitForAll()
        }
        var verdict = Verdict()
        verdict.figure("reads a second", Int(Double(reads) / seconds(since: start)))
        try await collectRest(consumer, outcome)
        check(outcome.state.withLock { $0 }, &verdict)
        try await checkLeaks(redis, before, &verdict)
        try await checkNextReader(stream, &verdict)
        return verdict
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        start.duration(to: .now) / .seconds(1)
    }

    private final class Ledger: Sendable {
        let state = Mutex(Outcome())
    }

    private struct Outcome {
        var (ended, cancelled, failed) = (0, 0, 0)
        var appended: [StreamID] = []
        var delivered: [StreamID] = []
    }

    /// Every third read is a follower's, the others are the group's; now and then an entry is appended in between.
    private func read(
        _ number: Int, _ stream: RedisStream, _ consumer: GroupConsumer, _ outcome: Ledger
    ) async throws {
        let isGroup = !number.isMultiple(of: 3)
        let task = Task {
            isGroup
                ? try await consumer.read(wait: .forever).map(\.id)
                : try await stream.read(after: .maximum, wait: .forever).map(\.id)
        }
        if number.isMultiple(of: 4) {
            for _ in 0..<Int.random(in: 0...20) { await Task.yield() }
        } else {
            try await Task.sleep(for: .microseconds(Int.random(in: 0...3_000)))
        }
        if number.isMultiple(of: 10) {
            let id = try await stream.append(["number": "\(number)"])
            outcome.state.withLock { $0.appended.append(id) }
        }
        task.cancel()
        let result = await task.result
        outcome.state.withLock { outcome in
            switch result {
            case .success(let ids):
                outcome.ended += 1
                outcome.delivered += isGroup ? ids : []
            case .failure(let error) where error is CancellationError: outcome.cancelled += 1
            case .failure: outcome.failed += 1
            }
        }
    }

    /// An entry that came too late for a cancelled read belongs to the next one.
    private func collectRest(_ consumer: GroupConsumer, _ outcome: Ledger) async throws {
        while outcome.state.withLock({ $0.delivered.count < $0.appended.count }) {
            let more = try await consumer.read(wait: .atMost(.seconds(3))).map(\.id)
            if more.isEmpty { return }
            outcome.state.withLock { $0.delivered += more }
        }
    }

    private func check(_ outcome: Outcome, _ verdict: inout Verdict) {
        verdict.figure("reads that were cancelled, that got an entry", "\(outcome.cancelled), \(outcome.ended)")
        verdict.check(outcome.cancelled + outcome.ended + outcome.failed == reads, "every task ended")
        verdict.check(outcome.failed == 0, "no read failed otherwise (\(outcome.failed) failed)")
        verdict.check(
            outcome.delivered.sorted() == outcome.appended.sorted(),
            "each of \(outcome.appended.count) entries reached one read of the group, and only one")
    }

    private func checkLeaks(_ redis: Redis, _ before: ProcessFigures, _ verdict: inout Verdict) async throws {
        var clients: [Substring] = []
        try? await eventually(.seconds(60)) {
            clients = (try await redis.send("CLIENT", "LIST").text ?? "").split(separator: "\n")
            return clients.count <= Self.kept && !clients.contains { $0.contains("flags=b") }
        }
        var after = ProcessFigures.now()
        try? await eventually {
            after = ProcessFigures.now()
            return after.descriptors <= before.descriptors + Self.kept
                && after.threads <= before.threads + ProcessFigures.pooledThreads
        }
        verdict.figure("before", before)
        verdict.figure("after", after)
        verdict.check(clients.count <= Self.kept, "\(clients.count) connections are left, at most \(Self.kept)")
        verdict.check(!clients.contains { $0.contains("flags=b") }, "none of them is blocked")
        verdict.check(after.descriptors <= before.descriptors + Self.kept, "no descriptor leaked")
        verdict.check(after.threads <= before.threads + ProcessFigures.pooledThreads, "no thread leaked")
    }

    private func checkNextReader(_ stream: RedisStream, _ verdict: inout Verdict) async throws {
        let last = try await stream.lastID() ?? .zero
        async let next = stream.read(after: last, wait: .forever)
        let id = try await stream.append(["number": "next"])
        verdict.check(try await next.map(\.id) == [id], "the next entry reached the next reader")
    }
}
