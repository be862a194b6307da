import Foundation
import Limits
import StreamKit

extension Contest {
    /// XRANGE of 1,000 entries, from redis-server and from one that answers at once.
    mutating func addReads() {
        addRanges("XRANGE of 1,000 entries", "bench:ranges") { $0 }
        guard transport.path != nil else { return }
        // Without the server's work, what is left is the client's own: parsing, and here decoding, too.
        let socket = transport.directory + "/ranges.sock"
        addRanges("XRANGE of 1,000 entries, instant server", "bench:ranges") { transport in
            if !FileManager.default.fileExists(atPath: socket) {
                guard limit_serve_ranges(socket, transport.serverSocket) == 0 else {
                    throw LimitFailed(description: "The instant server cannot listen on \(socket).")
                }
            }
            return transport.through(socket)
        }
    }

    private mutating func addRanges(
        _ name: String, _ key: String, through: @escaping (Transport) throws -> Transport
    ) {
        let times = 300
        let stream = Lazy { [transport] in try Redis(through(transport).configuration).stream(key) }
        let hiredis = Lazy { [transport] in try HiredisConnection(through(transport)) }
        sample("C hiredis, \(name), parsed only", "entries/s") { [transport] in
            try await prepare(key, length: 1_000, transport)
            let connection = try hiredis.value
            _ = try await connection.seconds { limit_read_ranges($0, key, 1) }
            return try await Double(times * 1_000) / connection.seconds { limit_read_ranges($0, key, Int32(times)) }
        }
        sample(name, "entries/s") {
            let stream = try stream.value
            try await readAllText(stream, times: 1)
            return try await Double(times * 1_000) / seconds { try await readAllText(stream, times: times) }
        }
        compare(name, with: "C hiredis, \(name), parsed only", .atLeast(1.0))
    }
}

/// Fills a stream with the given number of usual entries, unless it has them.
func prepare(_ key: String, length: Int, _ transport: Transport) async throws {
    try await withRedis(transport.configuration) { redis in
        let missing = length - (try await redis.stream(key).length())
        guard missing > 0 else { return }
        _ = try await redis.pipeline { batch in
            for _ in 0..<missing { batch.append(payload, to: key) }
        }
    }
}

/// Reads the first 1,000 entries and makes strings of all their fields.
private func readAllText(_ stream: RedisStream, times: Int) async throws {
    for _ in 0..<times {
        var length = 0
        for entry in try await stream.entries(limit: 1_000) {
            for (name, value) in entry.fields { length += name.utf8.count + value.utf8.count }
        }
        guard length == 36_000 else { throw LimitFailed(description: "The entries are not what was appended.") }
    }
}
