// Which Redis `serve` and `work` use: on Azure one that asks for an identity instead of a password.
// Run:    REDIS_HOST=NAME.REGION.redis.azure.net REDIS_USE_ENTRA_ID=true ./lesson 5 work
// Expect: the worker waits for runs, or one sentence that says which right is missing.

import ArgumentParser
import AzureKit
import Foundation
import LessonKit
import StreamKit

/// Runs a command that may be deployed: without a server of its own where it would end with the container.
///
/// The body runs only if Redis answers. With `needsServer` a private server, which only this process would know, is
/// not started.
func withService(
    _ options: LessonOptions, needsServer: Bool = false, _ body: (Redis, Narrator) async throws -> Void
) async throws {
    let identity = Result { try AzureIdentity() }
    let hasTokens = { (redis: Redis) in redis.configuration.credentialProvider != nil }
    try await withLesson(options, environment: { try deployedRedis(identity, needsServer) }) { redis, narrator in
        do {
            // Asked here for its own words: behind a connection they would wait for that connection's end.
            if hasTokens(redis) { _ = try await identity.get().token(for: RedisAccess.scope) }
            try await narrator.untraced {
                _ = try await redis.send("PING")
                try await body(redis, narrator)
            }
        } catch let error as AzureIdentityError {
            throw LessonProblem("There is no token for Redis: \(error)")
        } catch let error as StreamKitError where hasTokens(redis) {
            throw LessonProblem(RedisAccess.explanation(of: error))
        }
    }
}

/// The Redis that the environment names; `nil` on a machine where a private one makes sense.
private func deployedRedis(
    _ identity: Result<AzureIdentity, any Error>, _ needsServer: Bool
) throws -> RedisConfiguration? {
    let environment = ProcessInfo.processInfo.environment
    do {
        let named = try RedisConfiguration.fromEnvironment(environment) { try identity.get().redisCredentials() }
        if let named { return named }
    } catch let error as AzureIdentityError {
        throw LessonProblem(error.description)
    }
    let hosts = ["CONTAINER_APP_NAME": "a container app", "FUNCTIONS_CUSTOMHANDLER_PORT": "a Functions host"]
    for (name, host) in hosts where environment[name]?.isEmpty == false {
        throw LessonProblem(
            "This is \(host) (\(name) is set), and no Redis is named. A private one would be seen by nobody else and end "
                + "with the container. Set REDIS_HOST with REDIS_USE_ENTRA_ID=true, or REDIS_URL.")
    }
    guard !needsServer else {
        throw ValidationError("Say which Redis: --redis redis://localhost:6379, or set REDIS_URL.")
    }
    return nil
}
