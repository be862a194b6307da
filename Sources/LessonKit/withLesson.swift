import ArgumentParser
import Foundation
import LocalRedis
public import StreamKit

/// Runs a lesson: finds or starts its Redis, hands over a connection and a narrator, cleans up.
///
/// The server is the one `--redis` or `REDIS_URL` names; otherwise a private `redis-server`, even when
/// another one listens on port 6379. Ctrl-C cancels `body`, cleans up and ends the process with 130. A
/// ``StreamKit/StreamKitError`` becomes one message on standard error and exit code 1.
/// - Parameters:
///   - options: what the command line asks for.
///   - durable: whether a private server writes every change to disk before it answers.
///   - keys: the keys that the lesson makes. They must not exist before, and are removed at the end
///     unless `--keep` is given.
///   - environment: finds the server that the environment names; without one, and without `--redis`, it is private.
///   - body: the lesson.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, or an exit code once its error was printed.
public func withLesson<R>(
    _ options: LessonOptions,
    durable: Bool = false,
    keys: [String] = [],
    environment: () throws -> RedisConfiguration? = { try .fromEnvironment() },
    _ body: (Redis, Narrator) async throws -> R
) async throws -> R {
    let narrator = Narrator(options)
    return try await reportingErrors(narrator) {
        try await cancellingOnInterrupt {
            try await withServer(options, durable: durable, environment) { server in
                var configuration = server.configuration
                configuration.observability.trace = narrator.trace
                return try await withRedis(configuration) { redis in
                    let place = LessonKeys(names: keys, server: server, redis: redis, narrator: narrator)
                    return try await place.around(options) { try await body(redis, narrator) }
                }
            }
        }
    }
}

private func withServer<R>(
    _ options: LessonOptions, durable: Bool, _ environment: () throws -> RedisConfiguration?,
    _ body: (LessonServer) async throws -> R
) async throws -> R {
    let named = try options.redis.map { try RedisConfiguration(url: $0) } ?? environment()
    if let named {
        return try await body(LessonServer(configuration: named, isPrivate: false))
    }
    return try await withLocalRedis(options: LocalRedis.Options(durable: durable)) { local in
        try await body(LessonServer(configuration: local.configuration, isPrivate: true))
    }
}

/// Turns the errors that a learner can act on into one message and an exit code.
private func reportingErrors<R>(_ narrator: Narrator, _ body: () async throws -> R) async throws -> R {
    do {
        return try await body()
    } catch let error as StreamKitError {
        complain(error, narrator)
        throw ExitCode.failure
    } catch let error as LessonProblem {
        complain(error, narrator)
        throw ExitCode.failure
    }
}

private func complain(_ error: any Error, _ narrator: Narrator) {
    let isColoured = narrator.terminal.hasColours && isatty(STDERR_FILENO) == 1
    let label = isColoured ? "\u{1B}[31mError:\u{1B}[0m" : "Error:"
    writeFully("\(label) \(printable("\(error)"))\n", to: STDERR_FILENO)
}
