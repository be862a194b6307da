import LocalRedis
import FaultKit
import StreamKit
import Synchronization

/// One run: a durable server behind a proxy, its clients, and the faults they meet.
final class CrashRun: Sendable {
    let plan: Crash
    let tally = Mutex(CrashTally())
    static let key = "stress:crash"
    /// The field of the entry that ends the stream.
    static let end = "end"

    init(_ plan: Crash) {
        self.plan = plan
    }

    func run() async throws -> CrashFindings {
        try await withLocalRedis(options: .init(durable: true, tcp: true)) { server in
            guard let port = server.port else { throw StreamKitError.closed }
            return try await withCuttingProxy(to: port) { proxy in
                let address = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                let readers = try await withRedis(address) { readers in
                    try await withRedis(address) { try await everybody(server, proxy, $0, readers) }
                }
                return try await findings(server, proxy, readers)
            }
        }
    }

    typealias Readers = (followed: [[StreamID]], delivered: [[StreamID]])

    private func everybody(
        _ server: LocalRedis, _ proxy: CuttingProxy, _ writing: Redis, _ reading: Redis
    ) async throws -> Readers {
        let stream = reading.stream(Self.key)
        try await stream.group("g").create()
        return try await withThrowingTaskGroup(of: Void.self) { consuming in
            for number in 0..<plan.consumers {
                consuming.addTask { try await self.consume(stream, as: number) }
            }
            async let followed = inParallel(plan.followers) { _ in try await self.follow(stream) }
            async let trouble: Void = cause(server, proxy)
            _ = try await inParallel(plan.writers) { await self.write($0, to: writing.stream(Self.key)) }
            try await trouble
            _ = await insist { try await writing.stream(Self.key).append([Self.end: "true"]) }
            let everything = try await followed
            // If there are too few, the findings say so.
            try? await eventually { self.tally.withLock { $0.deliveredCount >= everything[0].count } }
            consuming.cancelAll()
            try await consuming.waitForAll()
            return (everything, tally.withLock { $0.delivered.map(\.value) })
        }
    }

    private func inParallel<R: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: R.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    // MARK: Who uses the server

    private func write(_ writer: Int, to stream: RedisStream) async {
        for number in 0..<(plan.entries / plan.writers) {
            let id = await insist { try await stream.append(["writer": "\(writer)", "number": "\(number)"]) }
            tally.withLock { $0.acknowledged.append(.init(id: id, writer: writer, number: number)) }
        }
    }

    /// Appends until it is acknowledged, and counts the attempts whose outcome nobody knows.
    private func insist(_ append: () async throws -> StreamID) async -> StreamID {
        while true {
            do {
                return try await append()
            } catch let error as StreamKitError {
                tally.withLock { $0.note(error) }
            } catch {
                tally.withLock { $0.unexpected.append("\(error)") }
            }
        }
    }

    private func follow(_ stream: RedisStream) async throws -> [StreamID] {
        var seen: [StreamID] = []
        for try await entry in stream.follow(after: .beginning) {
            if entry[Self.end] != nil { break }
            seen.append(entry.id)
        }
        return seen
    }

    private func consume(_ stream: RedisStream, as number: Int) async throws {
        let group = stream.group("g")
        var unacknowledged: [StreamID] = []
        do {
            for try await entry in group.consumer("consumer-\(number)").deliveries() {
                unacknowledged.append(entry.id)
                if entry[Self.end] == nil { tally.withLock { $0.delivered[number, default: []].append(entry.id) } }
                // Acknowledging twice does no harm.
                while unacknowledged.count >= 32, !Task.isCancelled {
                    if (try? await group.acknowledge(unacknowledged)) != nil { unacknowledged = [] }
                }
            }
        } catch is CancellationError {
            tally.withLock { $0.unacknowledged += unacknowledged }
        }
    }

    // MARK: The faults

    /// Spreads the kills and the cuts over the time it takes to append.
    private func cause(_ server: LocalRedis, _ proxy: CuttingProxy) async throws {
        async let killing: Void = kill(server)
        try await atProgress(plan.cuts) {
            while !proxy.cutRandom() { try await Task.sleep(for: .milliseconds(1)) }
        }
        try await killing
    }

    private func kill(_ server: LocalRedis) async throws {
        try await atProgress(plan.kills) {
            await server.kill()
            try await server.restart()
        }
    }

    private func atProgress(_ times: Int, _ body: () async throws -> Void) async throws {
        let total = plan.entries / plan.writers * plan.writers
        for number in 1...max(1, times) where times > 0 {
            let due = total / (times + 1) * number
            while tally.withLock({ $0.acknowledged.count }) < due { try await Task.sleep(for: .milliseconds(1)) }
            try await body()
        }
    }

    private func findings(
        _ server: LocalRedis, _ proxy: CuttingProxy, _ readers: Readers
    ) async throws -> CrashFindings {
        try await withRedis(server.configuration) { redis in
            let stream = redis.stream(Self.key)
            try await stream.group("g").acknowledge(tally.withLock { $0.unacknowledged })
            let entries = try await stream.entries().filter { $0[Self.end] == nil }
            return CrashFindings(
                plan: plan, tally: tally.withLock { $0 }, entries: entries.map(CrashFindings.Entry.init),
                readers: readers, pending: try await stream.group("g").pending().count,
                connections: proxy.acceptedConnections)
        }
    }
}
