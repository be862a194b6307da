// Kills the server under batches of every size, back-pressure and cancelled tasks; then sends a fresh command.
// Run:    ./lesson stress wedge --runs 200
// Expect: after each run every task has ended, and a fresh command is answered within a second.

import ArgumentParser
import FaultKit
import LocalRedis
import StreamKit
import Synchronization

struct Wedge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kill the server under batches, back-pressure and cancellations; the client must answer afterwards.")

    @Option(help: "How many runs in a row.") var runs = 50
    @Option(help: "How long the server is killed and restarted in each run, in milliseconds.") var milliseconds = 1_200
    @Option(help: "The first run's seed; the others follow.") var seed: UInt64 = 1

    func run() async throws {
        var verdict = Verdict()
        var (total, wedged) = (WedgeTally(), [String]())
        var slowest = Duration.zero
        for seed in seed..<seed + UInt64(runs) {
            let run = WedgeRun(seed: seed, time: .milliseconds(milliseconds))
            do {
                let pause = try await within(.seconds(90)) { try await run.run() }
                slowest = max(slowest, pause)
                if pause > .seconds(1) { wedged.append("seed \(seed): the fresh command took \(pause)") }
            } catch {
                wedged.append("seed \(seed): \(error)")
            }
            total.add(run.tally.withLock { $0 })
        }
        verdict.figure("runs", runs)
        verdict.figure("restarts of the server", total.restarts)
        verdict.figure("commands and batches answered", total.answered)
        verdict.figure("cancelled, failed otherwise", "\(total.cancelled), \(total.failed)")
        verdict.figure("slowest fresh command", slowest)
        verdict.check(total.answered > 0 && total.failed > 0 && total.cancelled > 0, "there was something to survive")
        verdict.check(wedged.isEmpty, "every client answered within a second \(wedged)")
        try verdict.conclude()
    }
}

struct WedgeTally {
    var (restarts, answered, cancelled, failed) = (0, 0, 0, 0)

    mutating func add(_ other: WedgeTally) {
        restarts += other.restarts
        answered += other.answered
        cancelled += other.cancelled
        failed += other.failed
    }
}

/// One client, its tasks, and a server that is killed under them.
final class WedgeRun: Sendable {
    private let seed: UInt64
    private let time: Duration
    let tally = Mutex(WedgeTally())

    init(seed: UInt64, time: Duration) {
        (self.seed, self.time) = (seed, time)
    }

    /// - Returns: how long a fresh command took when all was over.
    func run() async throws -> Duration {
        var random = SeededGenerator(seed: seed)
        let options = LocalRedis.Options(tcp: Bool.random(using: &random))
        let limit = [4 << 10, 64 << 10, 4 << 20].randomElement(using: &random) ?? 4096
        let senders = Int.random(in: 1...8, using: &random)
        return try await withLocalRedis(options: options) { server in
            var configuration = server.configuration
            configuration.maximumBytesInFlight = limit
            configuration.timeouts.command = .seconds(2)
            return try await withRedis(configuration) { redis in
                try await self.disturb(server, redis, senders)
                let start = ContinuousClock.now
                _ = try await redis.send("PING")
                _ = try await redis.pipeline { batch in for _ in 0..<300 { batch.add("PING") } }
                return start.duration(to: .now)
            }
        }
    }

    private func disturb(_ server: LocalRedis, _ redis: Redis, _ senders: Int) async throws {
        let end = ContinuousClock.now + time
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<senders {
                group.addTask { await self.send(until: end, over: redis, as: number) }
            }
            while ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...400)))
                await server.kill()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...60)))
                try await server.restart()
                tally.withLock { $0.restarts += 1 }
            }
            try await group.waitForAll()
        }
    }

    private func send(until end: ContinuousClock.Instant, over redis: Redis, as number: Int) async {
        var random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(number))
        while ContinuousClock.now < end {
            let count = [1, 2, 20, 256, 3_000].randomElement(using: &random) ?? 1
            let text = String(repeating: "x", count: Int.random(in: 1...800, using: &random))
            let key = "stress:wedge:\(number)"
            let task = Task {
                guard count > 1 else { return _ = try await redis.send("XADD", key, "MAXLEN", "100", "*", "f", text) }
                _ = try await redis.pipeline { batch in
                    for _ in 0..<count { batch.add("XADD", key, "MAXLEN", "100", "*", "f", text) }
                }
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                for _ in 0..<Int.random(in: 0...20, using: &random) { await Task.yield() }
                task.cancel()
            }
            note(await task.result)
        }
    }

    private func note(_ result: Result<Void, any Error>) {
        tally.withLock { tally in
            switch result {
            case .success: tally.answered += 1
            case .failure(let error) where error is CancellationError: tally.cancelled += 1
            case .failure: tally.failed += 1
            }
        }
    }
}
