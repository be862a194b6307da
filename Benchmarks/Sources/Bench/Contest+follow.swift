import Limits
import StreamKit

extension Contest {
    /// From the moment XADD is answered, in a blocking C program, to the moment the follower holds the entry.
    mutating func addFollowers() {
        for (share, label) in [(0.99, "p99"), (0.5, "median")] {
            sample("C hiredis, XREAD BLOCK loop, delay \(label)", "µs") { [transport] in
                try await typicalDelay(share) { try await limitDelays(transport) }
            }
            sample("follow, delay \(label)", "µs") { [transport] in
                try await typicalDelay(share) { try await followDelays(transport) }
            }
        }
        compare("follow, delay p99", with: "C hiredis, XREAD BLOCK loop, delay p99", .atMost(1.3))
        compare("follow, delay median", with: "C hiredis, XREAD BLOCK loop, delay median")
    }
}

/// How many entries are followed at a stretch.
private let count = 1_000
/// Pause between two appends in microseconds: the follower waits again when the next one comes.
private let pause: Int32 = 150

/// The percentile of a stretch of entries, the median of five.
///
/// A shared machine stands still for some milliseconds now and then, which is more than one entry in a hundred
/// of a short stretch; so one stretch tells about the machine, the median of several about the program.
private func typicalDelay(_ share: Double, of measure: () async throws -> [Double]) async throws -> Double {
    var figures: [Double] = []
    for _ in 0..<5 { figures.append(percentile(share, of: try await measure())) }
    return median(figures)
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
    // Connecting is not what is measured: the follower is to wait by then.
    try await Task.sleep(for: .milliseconds(20))
    let replied = Moments(count)
    let writer = try HiredisConnection(transport)
    _ = try await writer.seconds { limit_append_paced($0, key, Int32(count), pause, replied.memory) }
    return replied.all
}

/// Delays in microseconds; an entry that was in hand before the writer had its answer counts as none.
private func delays(from replied: [UInt64], to arrived: [UInt64]) -> [Double] {
    zip(replied, arrived).map { reply, arrival in arrival > reply ? Double(arrival - reply) / 1_000 : 0 }
}

private func percentile(_ share: Double, of values: [Double]) -> Double {
    values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
}

/// Memory that C writes moments to.
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
