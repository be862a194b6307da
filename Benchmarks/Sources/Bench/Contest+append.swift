import Limits
import StreamKit

/// What every measurement appends.
let payloadPairs = [("event", "token"), ("data", "hello-world-token-text")]
let payload = EntryFields(payloadPairs)
let payloadTrim = StreamTrim.maximumLength(10_000)

private let appendTurns = 5

extension Contest {
    /// Appends: in batches, by many tasks at once, and one at a time.
    ///
    /// The turns are short, because the speed of a shared machine changes within seconds.
    mutating func addAppends() {
        let key = "bench:appends"
        let stream = Lazy { [transport] in Redis(transport.configuration).stream(key) }
        let hiredis = Lazy { [transport] in try HiredisConnection(transport) }
        sample("redis-benchmark -c 1 -P 256", "XADD/s", turns: appendTurns) { [transport] in
            try await RedisBenchmark.appendsPerSecond(transport, key: key, count: 160_000)
        }
        sample("batches of 256 XADD", "XADD/s", turns: appendTurns) {
            let stream = try stream.value
            return try await 102_400 / seconds { try await appendInBatches(stream.redis, key, count: 102_400) }
        }
        sample("256 tasks, one XADD each at a time", "XADD/s", turns: appendTurns) {
            let stream = try stream.value
            return try await 81_920 / seconds { try await appendConcurrently(stream, tasks: 256, each: 320) }
        }
        sample("C hiredis, batches of 256 XADD", "XADD/s", turns: appendTurns) {
            let count: Int32 = 51_200
            return try await Double(count)
                / hiredis.value.seconds { limit_append_in_batches($0, key, count, 256) }
        }
        sample("C hiredis, one XADD at a time", "XADD/s", turns: appendTurns) {
            let count: Int32 = 1_600
            return try await Double(count) / hiredis.value.seconds { limit_append_one_by_one($0, key, count) }
        }
        sample("one task, one XADD at a time", "XADD/s", turns: appendTurns) {
            let stream = try stream.value
            return try await 1_600
                / seconds { for _ in 0..<1_600 { try await stream.append(payload, trim: payloadTrim) } }
        }
        compare("batches of 256 XADD", with: "redis-benchmark -c 1 -P 256", .atLeast(0.85))
        compare("256 tasks, one XADD each at a time", with: "redis-benchmark -c 1 -P 256", .atLeast(0.80))
        compare("one task, one XADD at a time", with: "C hiredis, one XADD at a time", .atLeast(1.5))
        compare("batches of 256 XADD", with: "C hiredis, batches of 256 XADD")
        addRedisPy(key)
    }

    private mutating func addRedisPy(_ key: String) {
        guard RedisPy.isInstalled else { return }
        sample("redis-py, batches of 256 XADD", "XADD/s", turns: appendTurns) { [transport] in
            try await RedisPy.appendsPerSecond(transport, key: key, count: 10_240, batch: 256)
        }
        sample("redis-py, one XADD at a time", "XADD/s", turns: appendTurns) { [transport] in
            try await RedisPy.appendsPerSecond(transport, key: key, count: 800, batch: 1)
        }
        compare("batches of 256 XADD", with: "redis-py, batches of 256 XADD")
        compare("one task, one XADD at a time", with: "redis-py, one XADD at a time")
    }
}

func appendInBatches(_ redis: Redis, _ key: String, count: Int) async throws {
    for _ in 0..<(count / 256) {
        let replies = try await redis.pipeline { batch in
            for _ in 0..<256 { batch.append(payload, to: key, trim: payloadTrim) }
        }
        _ = try replies[255].get()
    }
}

func appendConcurrently(_ stream: RedisStream, tasks: Int, each: Int) async throws {
    try await withThrowingTaskGroup { group in
        for _ in 0..<tasks {
            group.addTask { for _ in 0..<each { try await stream.append(payload, trim: payloadTrim) } }
        }
        try await group.waitForAll()
    }
}

/// A value that is created when it is first asked for, because most runs measure only a part.
final class Lazy<Value> {
    private let make: () throws -> Value
    private var made: Value?

    init(_ make: @escaping () throws -> Value) {
        self.make = make
    }

    var value: Value {
        get throws {
            if let made { return made }
            let value = try make()
            made = value
            return value
        }
    }
}
