import StreamKit

/// The runs that wait for a person's word, by when they are looked at next.
///
/// The run's own log says what was asked and decided; this only finds the run again.
struct PausedRuns: Sendable {
    struct Run: Codable, Hashable, Sendable {
        let request: RunRequest
        /// When what is undecided is rejected, in milliseconds by the Redis server's clock.
        let deadline: Double
    }

    let redis: Redis
    /// A sorted set of correlation IDs, and a hash of ``Run``.
    let keys: [String]

    /// How soon a run is looked at again that somebody has in hand.
    private static let soon = 5_000.0
    private static let removeScript = RedisScript(file: PackageResources.paused_remove_lua)

    /// The time, in milliseconds by the Redis server's clock (TIME).
    func now() async throws -> Double {
        let parts = try await redis.send("TIME").elements?.compactMap { $0.text.flatMap(Double.init) } ?? []
        guard parts.count == 2 else { throw StreamKitError.unexpectedReply("TIME did not answer with two numbers.") }
        return (parts[0] * 1_000 + parts[1] / 1_000).rounded()
    }

    /// Notes a run, to be looked at when its time is over (HSET, ZADD).
    func add(_ run: Run) async throws {
        let id = run.request.correlationID
        _ = try await redis.send("HSET", keys[1], id, try SortedJSON.text(of: run))
        _ = try await redis.send("ZADD", keys[0], String(Int(run.deadline)), id)
    }

    /// A run that waits (HGET).
    func run(_ correlationID: String) async throws -> Run? {
        try await redis.send("HGET", keys[1], correlationID).text.flatMap { SortedJSON.value(Run.self, of: $0) }
    }

    /// Has a run looked at soon (ZADD XX).
    func lookSoon(at correlationID: String) async throws {
        _ = try await redis.send("ZADD", keys[0], "XX", String(Int(try await now() + Self.soon)), correlationID)
    }

    /// Takes runs whose time has come; others leave them alone for some seconds.
    ///
    /// - Returns: Each run, with the score that removes it.
    func due() async throws -> [(run: Run, score: String)] {
        let now = try await now()
        let reply = try await redis.send("ZRANGEBYSCORE", keys[0], "-inf", String(Int(now)), "LIMIT", "0", "100")
        var found: [(Run, String)] = []
        for id in (reply.elements ?? []).compactMap(\.text) {
            let score = String(Int(now + Self.soon))
            _ = try await redis.send("ZADD", keys[0], "XX", score, id)
            if let run = try await run(id) {
                found.append((run, score))
            } else {
                _ = try await redis.send("ZREM", keys[0], id)
            }
        }
        return found
    }

    /// Forgets a run, unless it was paused again since it was found.
    func remove(_ run: Run, foundWith score: String) async throws {
        _ = try await redis.run(Self.removeScript, keys: keys, arguments: [run.request.correlationID, score])
    }
}
