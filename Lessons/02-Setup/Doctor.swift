// The doctor: is this Redis fit for streams? It looks, and changes nothing.
// Run:    swift run setup doctor --redis redis://localhost:6379
// Expect: one line for each thing that matters, and a fix under each that is not right.

import LessonKit
import StreamKit

/// Examines the named server, else the one on localhost:6379, else a private one.
func examine(_ options: LessonOptions, onlyPrivate: Bool = false) async throws -> [Finding] {
    let (options, introduction) = try choosePatient(options, onlyPrivate: onlyPrivate)
    return try await withLesson(options) { redis, narrator in
        narrator.title("Doctor: is this Redis fit for streams?")
        narrator.say(introduction)
        let findings = try await narrator.untraced { try await allFindings(about: redis) }
        for finding in findings { finding.show(narrator) }
        showSummary(of: findings, narrator)
        return findings
    }
}

private func choosePatient(_ options: LessonOptions, onlyPrivate: Bool) throws -> (LessonOptions, String) {
    if options.redis != nil { return (options, "Examining the Redis that --redis names. Nothing on it is changed.") }
    if try RedisConfiguration.fromEnvironment() != nil {
        return (options, "Examining the Redis that REDIS_URL names. Nothing on it is changed.")
    }
    if onlyPrivate { return (options, "Examining a private redis-server, started for this.") }
    guard somethingListens(onPort: 6379) else {
        return (
            options,
            """
            Nothing listens on localhost:6379, so a private redis-server is started and examined. Name yours with \
            --redis URL.
            """
        )
    }
    var local = options
    local.redis = "redis://localhost:6379"
    return (local, "Examining the Redis that listens on localhost:6379. Nothing on it is changed.")
}

private func allFindings(about redis: Redis) async throws -> [Finding] {
    let answer = try await checkAnswer(redis)
    guard answer.level != .wrong else { return [answer] }
    let info = await ServerInfo.read(from: redis)
    var findings = [answer]
    findings.append(checkVersion(info))
    findings.append(await checkCommands(redis))
    findings.append(await checkRights(redis))
    findings.append(checkRole(info))
    findings.append(checkPersistence(info))
    findings.append(checkEviction(info))
    findings.append(checkTransport(redis.configuration))
    findings.append(await checkNewerCommands(redis))
    // A cancelled question looks like one that the server would not answer.
    try Task.checkCancellation()
    return findings
}
