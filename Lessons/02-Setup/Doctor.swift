// The doctor: is this Redis fit for streams? It looks, and changes nothing.
// Run:    ./lesson doctor --redis redis://localhost:6379
// Expect: one line for each thing that matters, and a fix under each that is not right.

import ArgumentParser
import LessonKit
import StreamKit

/// Examines the named server, else the one on localhost:6379, else a private one.
@discardableResult
func examine(_ options: LessonOptions, onlyPrivate: Bool = false) async throws -> Verdict {
    let subject = try chooseSubject(options, onlyPrivate: onlyPrivate)
    return try await withLesson(subject.options) { redis, narrator in
        narrator.title("Doctor: is this Redis fit for streams?")
        narrator.say(subject.introduction)
        let findings = try await narrator.untraced {
            try await allFindings(about: redis, isPrivate: subject.isPrivate)
        }
        for finding in findings { finding.show(narrator) }
        showSummary(of: findings, narrator)
        return Verdict(findings)
    }
}

/// The server to examine, and how it was found.
private struct Subject {
    var options: LessonOptions
    var isPrivate = false
    var introduction: String
}

private func chooseSubject(_ options: LessonOptions, onlyPrivate: Bool) throws -> Subject {
    func named(_ place: String, _ options: LessonOptions) -> Subject {
        Subject(options: options, introduction: "Examining the Redis that \(place). Nothing on it is changed.")
    }
    if onlyPrivate, options.redis != nil {
        throw ValidationError("--private starts a server of its own, and --redis names another: use one of them.")
    }
    if options.redis != nil { return named("--redis names", options) }
    if !onlyPrivate, try RedisConfiguration.fromEnvironment() != nil { return named("the environment names", options) }
    if !onlyPrivate, somethingListens(onPort: 6379) {
        var local = options
        local.redis = "redis://localhost:6379"
        return named("listens on localhost:6379", local)
    }
    let reason = onlyPrivate ? "" : "Nothing listens on localhost:6379. "
    return Subject(
        options: options, isPrivate: true,
        introduction: "\(reason)Examining a private redis-server, started for this. Name yours with --redis URL.")
}

private func allFindings(about redis: Redis, isPrivate: Bool) async throws -> [Finding] {
    let answer = try await checkAnswer(redis)
    guard answer.level != .wrong else { return [answer] }
    let info = await ServerInfo.read(from: redis)
    let server = Server(configuration: redis.configuration, info: info, isPrivate: isPrivate)
    var findings = [answer]
    findings.append(checkVersion(server))
    findings.append(await checkCommands(redis))
    findings.append(await checkRights(redis))
    findings.append(checkRole(server, cluster: await ClusterInfo.read(from: redis, server)))
    findings.append(checkPersistence(server))
    findings.append(checkEviction(server))
    findings.append(checkConnections(server))
    findings.append(checkTransport(redis.configuration))
    findings.append(await checkNewerCommands(redis))
    // A cancelled question looks like one that the server would not answer.
    try Task.checkCancellation()
    return findings
}
