import Limits
import StreamKit

extension Contest {
    /// Measures from the moment XADD is answered, in a blocking C program, until the follower holds the entry.
    mutating func addFollowers() {
        let rounds = FollowRounds(transport)
        for (share, label) in [(0.99, "p99"), (0.5, "median")] {
            sample("C hiredis, XREAD BLOCK loop, delay \(label)", "µs", rounds.figures(of: \.limit, share))
            sample("follow, delay \(label)", "µs", rounds.figures(of: \.kit, share))
        }
        compare("follow, delay p99", with: "C hiredis, XREAD BLOCK loop, delay p99", .atMost(1.3))
        compare("follow, delay median", with: "C hiredis, XREAD BLOCK loop, delay median")
    }
}

/// How many entries are followed at a stretch, and how many of them come first and do not count.
private let (count, warmUp) = (520, 20)
/// Pause between two appends in microseconds: the follower waits again when the next one comes.
private let pause: Int32 = 150

/// The delays of both followers, in short stretches that take turns; all figures of a round come from the same ones.
///
/// A shared machine stands still for some milliseconds now and then, which is more than one entry in a hundred of a
/// stretch. So one stretch tells about the machine; the median of many tells about the follower.
private final class FollowRounds {
    struct Round {
        var limit: [[Double]] = []
        var kit: [[Double]] = []
    }

    private static let stretches = 17
    private let transport: Transport
    private var rounds: [Round] = []

    init(_ transport: Transport) {
        self.transport = transport
    }

    /// Gives a figure of the next round whenever it is called: a percentile of each stretch, the median of them.
    func figures(of side: KeyPath<Round, [[Double]]>, _ share: Double) -> () async throws -> Double {
        var next = 0
        return { [self] in
            if next == rounds.count { rounds.append(try await measure()) }
            defer { next += 1 }
            return median(rounds[next][keyPath: side].map { percentile(share, of: $0) })
        }
    }

    private func measure() async throws -> Round {
        var round = Round()
        for stretch in 0..<Self.stretches {
            // They take turns at going first, so that neither always suffers from what the other leaves behind.
            if stretch.isMultiple(of: 2) { round.limit.append(try await limitDelays(transport)) }
            round.kit.append(try await followDelays(transport))
            if !stretch.isMultiple(of: 2) { round.limit.append(try await limitDelays(transport)) }
        }
        return round
    }
}

private func limitDelays(_ transport: Transport) async throws -> [Double] {
    let key = "bench:limit-follow"
    try await withRedis(transport.configuration) { try await $0.stream(key).remove() }
    let reader = try HiredisConnection(transport)
    async let moments = follow(reader, key)
    let replied = try await appendPaced(transport, key)
    return try await delays(from: replied, to: moments)
}

private func follow(_ reader: HiredisConnection, _ key: String) async throws -> [UInt64] {
    let arrived = Moments(count)
    _ = try await reader.seconds { limit_follow($0, key, "0-0", Int32(count), arrived.memory) }
    return arrived.all
}

private func followDelays(_ transport: Transport) async throws -> [Double] {
    let key = "bench:follow"
    return try await withRedis(transport.configuration) { redis in
        let stream = redis.stream(key)
        try await stream.remove()
        async let moments = arrivals(stream)
        let replied = try await appendPaced(transport, key)
        return try await delays(from: replied, to: moments)
    }
}

private func arrivals(_ stream: RedisStream) async throws -> [UInt64] {
    var moments: [UInt64] = []
    moments.reserveCapacity(count)
    for try await _ in stream.follow(after: .beginning) {
        moments.append(limit_now())
        if moments.count == count { break }
    }
    return moments
}

private func appendPaced(_ transport: Transport, _ key: String) async throws -> [UInt64] {
    // Connecting is not measured, so the follower should already wait by then.
    try await Task.sleep(for: .milliseconds(20))
    let replied = Moments(count)
    let writer = try HiredisConnection(transport)
    _ = try await writer.seconds { limit_append_paced($0, key, Int32(count), pause, replied.memory) }
    return replied.all
}

/// Delays in microseconds; an entry that was in hand before the writer had its answer counts as none.
private func delays(from replied: [UInt64], to arrived: [UInt64]) -> [Double] {
    zip(replied, arrived).dropFirst(warmUp).map { reply, arrival in
        arrival > reply ? Double(arrival - reply) / 1_000 : 0
    }
}

private func percentile(_ share: Double, of values: [Double]) -> Double {
    values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
}

/// Memory to which C writes times.
///
/// Safety: one thread writes; it is read once that thread is done.
private final class Moments: @unchecked Sendable {
    let memory: UnsafeMutablePointer<UInt64>
    private let count: Int

    init(_ count: Int) {
        self.count = count
        memory = .allocate(capacity: count)
        memory.initialize(repeating: 0, count: count)
    }

    deinit {
        memory.deallocate()
    }

    var all: [UInt64] { Array(UnsafeBufferPointer(start: memory, count: count)) }
}
