import Limits
import StreamKit

extension Contest {
    /// A consumer that reads 256 entries, acknowledges them with one XACK, and so on.
    mutating func addConsumers() {
        let key = "bench:consumers"
        let redis = Lazy { [transport] in Redis(transport.configuration) }
        let hiredis = Lazy { [transport] in try HiredisConnection(transport) }
        let length = 51_200
        sample("C hiredis, XREADGROUP COUNT 256 + XACK", "entries/s") { [transport] in
            try await prepareGroup("limit", of: key, length, transport)
            return try await Double(length)
                / hiredis.value.seconds {
                    var entries: Int32 = 0
                    let seconds = limit_consume($0, key, "limit", &entries)
                    return Int(entries) == length ? seconds : -1
                }
        }
        sample("XREADGROUP COUNT 256 + XACK", "entries/s") { [transport] in
            try await prepareGroup("kit", of: key, length, transport)
            let consumer = try redis.value.stream(key).group("kit").consumer("one")
            return try await Double(length) / seconds { try await consumeAll(consumer, expecting: length) }
        }
        sample("C hiredis, XACK and the next XREADGROUP in one batch", "entries/s") { [transport] in
            try await prepareGroup("limit", of: key, length, transport)
            return try await Double(length)
                / hiredis.value.seconds {
                    var entries: Int32 = 0
                    let seconds = limit_consume_in_batches($0, key, "limit", &entries)
                    return Int(entries) == length ? seconds : -1
                }
        }
        sample("XACK and the next XREADGROUP in one batch", "entries/s") { [transport] in
            try await prepareGroup("kit", of: key, length, transport)
            let consumer = try redis.value.stream(key).group("kit").consumer("one")
            return try await Double(length) / seconds { try await consumeInBatches(consumer, expecting: length) }
        }
        compare("XREADGROUP COUNT 256 + XACK", with: "C hiredis, XREADGROUP COUNT 256 + XACK", .atLeast(0.85))
        compare(
            "XACK and the next XREADGROUP in one batch",
            with: "C hiredis, XACK and the next XREADGROUP in one batch", .atLeast(0.85))
    }
}

private func prepareGroup(_ group: String, of key: String, _ length: Int, _ transport: Transport) async throws {
    try await prepare(key, length: length, transport)
    try await withRedis(transport.configuration) { redis in
        _ = try? await redis.send("XGROUP", "DESTROY", key, group)
        try await redis.send("XGROUP", "CREATE", key, group, "0")
    }
}

private func consumeAll(_ consumer: GroupConsumer, expecting length: Int) async throws {
    var total = 0
    while true {
        let entries = try await consumer.read(limit: 256)
        if entries.isEmpty { break }
        total += entries.count
        try await consumer.group.acknowledge(entries.map(\.id))
    }
    guard total == length else { throw LimitFailed(description: "\(total) entries came instead of \(length).") }
}

private func consumeInBatches(_ consumer: GroupConsumer, expecting length: Int) async throws {
    var total = 0
    var entries = try await consumer.read(limit: 256)
    while !entries.isEmpty {
        total += entries.count
        entries = try await consumer.acknowledge(entries.map(\.id), thenRead: 256)
    }
    guard total == length else { throw LimitFailed(description: "\(total) entries came instead of \(length).") }
}
