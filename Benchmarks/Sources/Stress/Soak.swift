// Connects, disconnects, appends and follows as often as it can for a minute; then compares its resources.
// Run:    ./lesson stress soak
// Expect: as many descriptors at the end as at the start, and hardly more memory.

import LocalRedis
import ArgumentParser
import StreamKit
import Synchronization

struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Connect, append, follow and disconnect for a minute; compare memory and descriptors.")

    @Option(help: "How long, in seconds, after a tenth of it to warm up.") var seconds = 60
    @Option(help: "How many clients at a time.") var clients = 8

    /// How much a minute may add: enough for the allocator's variations, far below one leaked KiB per client.
    private static let slack = 4 * 1024

    func run() async throws {
        let plan = self
        let verdict = try await within(.seconds(seconds * 2 + 60)) {
            try await withLocalRedis(options: .init(tcp: true)) { try await plan.run(on: $0) }
        }
        try verdict.conclude()
    }

    private final class Lives: Sendable {
        let count = Atomic<Int>(0)
    }

    private func run(on server: LocalRedis) async throws -> Verdict {
        let lives = Lives()
        try await live(for: .milliseconds(seconds * 100), on: server, lives)
        let before = try await settled(nil)
        let warm = lives.count.load(ordering: .relaxed)
        try await live(for: .seconds(seconds), on: server, lives)
        let after = try await settled(before)

        var verdict = Verdict()
        let count = lives.count.load(ordering: .relaxed) - warm
        verdict.figure("lives: connect, append, follow, consume, close", count)
        verdict.figure("lives a second", count / max(1, seconds))
        verdict.figure("at the start", before)
        verdict.figure("at the end", after)
        verdict.check(count > 0, "there was something to measure")
        verdict.check(after.descriptors <= before.descriptors, "no descriptor leaked")
        verdict.check(after.threads <= before.threads + ProcessFigures.pooledThreads, "no thread leaked")
        let growth = after.memory - before.memory
        verdict.check(growth <= Self.slack, "memory grew by \(growth) KiB, at most \(Self.slack)")
        return verdict
    }

    /// Measures once nothing changes any more: connections are closed a moment after they are given up.
    private func settled(_ goal: ProcessFigures?) async throws -> ProcessFigures {
        var last = ProcessFigures.now()
        try? await eventually(.seconds(5)) {
            last = ProcessFigures.now()
            guard let goal else { return false }
            return last.descriptors <= goal.descriptors && last.threads <= goal.threads + ProcessFigures.pooledThreads
                && last.memory - goal.memory <= Self.slack / 4
        }
        return last
    }

    private func live(for duration: Duration, on server: LocalRedis, _ lives: Lives) async throws {
        let end = ContinuousClock.now + duration
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    while ContinuousClock.now < end {
                        let address =
                            client.isMultiple(of: 2)
                            ? server.configuration : RedisConfiguration(unixSocket: server.socket)
                        try await life(of: "stress:soak:\(client)", address)
                        lives.count.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func life(of key: String, _ address: RedisConfiguration) async throws {
        try await withRedis(address) { redis in
            let stream = redis.stream(key)
            try await stream.group("g").create()
            async let followed = first(5, of: stream.follow(after: .beginning))
            async let delivered = first(5, of: stream.group("g").consumer("c").deliveries())
            for number in 0..<5 { try await stream.append(["number": "\(number)"], trim: .maximumLength(100)) }
            _ = try await redis.pipeline { batch in
                for _ in 0..<10 { batch.add("PING") }
            }
            guard try await (followed, delivered) == (5, 5) else { throw StreamKitError.closed }
            // This read still waits when its client is closed.
            let abandoned = Task { try await stream.read(after: .maximum, wait: .forever) }
            await Task.yield()
            try await stream.remove()
            if Bool.random() { abandoned.cancel() }
            redis.close()
            _ = await abandoned.result
        }
    }

    private func first(_ count: Int, of entries: some AsyncSequence<StreamEntry, any Error>) async throws -> Int {
        var seen = 0
        for try await _ in entries {
            seen += 1
            if seen == count { break }
        }
        return seen
    }
}
