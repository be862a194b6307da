import StreamKit

/// Runs a private redis-server for as long as the body runs.
///
/// - Parameters:
///   - options: durable or not, with a TCP port or without; see ``LocalRedis/Options``.
///   - body: what to do with it. The server is stopped and its directory removed afterwards, even if it throws.
/// - Returns: what the body returns.
/// - Throws: ``StreamKitError/cannotConnect(_:)`` if the server does not start, or what the body throws.
public func withLocalRedis<R>(
    options: LocalRedis.Options = .init(), _ body: (LocalRedis) async throws -> R
) async throws -> R {
    let redis = try await LocalRedis.start(options: options)
    do {
        let result = try await body(redis)
        await redis.stop()
        return result
    } catch {
        await redis.stop()
        throw error
    }
}
