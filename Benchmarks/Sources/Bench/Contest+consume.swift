import Limits
import StreamKit

extension Contest {
    /// A consumer that reads 256 entries, acknowledges them with one XACK, and so on.
    mutating func addConsumers() {
        addConsumers("XREADGROUP COUNT 256 + XACK", limit_consume, consumeAll)
        addConsumers("XACK and the next XREADGROUP in one batch", limit_consume_in_batches, consumeInBatches)
    }

    private mutating func addConsumers(
        _ name: String,
        _ limit: @escaping LimitOfConsumers,
        _ consume: @escaping (_ consumer: GroupConsumer, _ length: Int) async throws -> Void
    ) {
        let (key, length) = ("bench:consumers", 51_200)
        let redis = Lazy { [transport] in Redis(transport.configuration) }
        let hiredis = Lazy { [transport] in try HiredisConnection(transport) }
        sample("C hiredis, \(name)", "entries/s") { [transport] in
            try await prepareGroup("limit", of: key, length, transport)
            return try await Double(length)
                / hiredis.value.seconds {
                    var entries: Int32 = 0
                    let seconds = limit($0, key, "limit", &entries)
                    return Int(entries) == length ? seconds : -1
                }
        }
        sample(name, "entries/s") { [transport] in
            try await prepareGroup("kit", of: key, length, transport)
            let consumer = try redis.value.stream(key).group("kit").consumer("one")
            return try await Double(length) / seconds { try await consume(consumer, length) }
        }
        compare(name, with: "C hiredis, \(name)", .atLeast(0.85))
    }
}

/// Consumes a group's entries in C: connection, key, group, how many there were; returns the seconds it took.
private typealias LimitOfConsumers =
    @Sendable (OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafeMutablePointer<Int32>?) -> Double

private func prepareGroup(_ group: String, of key: String, _ length: Int, _ transport: Transport) async throws {
    try await prepare(key, length: length, transport)
    try await withRedis(transport.configuration) { redis in
        _ = try? await redis.send("XGROUP", "DESTROY", key, group)
        try await redis.send("XGROUP", "CREATE", key, group, "0")
    }
}

private func consumeAll(_ consumer: GroupConsumer, _ length: Int) async throws {
    var total = 0
    while true {
        let entries = try await consumer.read(limit: 256)
        if entries.isEmpty { break }
        total += entries.count
        try await consumer.group.acknowledge(entries.map(\.id))
    }
    guard total == length else { throw LimitFailed(description: "\(total) entries came instead of \(length).") }
}

private func consumeInBatches(_ consumer: GroupConsumer, _ length: Int) async throws {
    var total = 0
    var entries = try await consumer.read(limit: 256)
    while !entries.isEmpty {
        total += entries.count
        entries = try await consumer.acknowledge(entries.map(\.id), thenRead: 256)
    }
    guard total == length else { throw LimitFailed(description: "\(total) entries came instead of \(length).") }
}
