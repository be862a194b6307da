// What the doctor checks by asking: answers, speed, commands, rights, encryption.

import LessonKit
import StreamKit

private let neededCommands = [
    "XADD", "XLEN", "XRANGE", "XREVRANGE", "XREAD", "XDEL", "XTRIM", "XINFO", "XGROUP", "XREADGROUP", "XACK",
    "XPENDING", "XAUTOCLAIM", "EVALSHA", "PEXPIRE", "PUBLISH", "SUBSCRIBE", "LPUSH", "BRPOP", "INCR",
]

/// PING, and how long it takes in the middle of fifty.
func checkAnswer(_ redis: Redis) async throws -> Finding {
    do {
        var times: [Duration] = []
        for _ in 1...50 {
            times.append(try await ContinuousClock().measure { _ = try await redis.send("PING") })
        }
        let median = times.sorted()[times.count / 2]
        let found = "PONG in \(Seconds(median)) (the middle of \(times.count))"
        guard median > .milliseconds(5) else { return .fine("Answers", found) }
        return .warning("Answers", found, fix: "that is far away for a live stream; use a Redis in the same region.")
    } catch let error as StreamKitError {
        let lines = error.description.split(separator: "\n", maxSplits: 1).map(String.init)
        return .wrong("Answers", lines[0], fix: lines.count > 1 ? lines[1] : usualFix(error))
    }
}

private func usualFix(_ error: StreamKitError) -> String {
    switch error {
    case .timedOut: "wait until it has loaded its data or is less busy, or correct --redis."
    case .cannotConnect(let text) where text.hasPrefix("Cannot connect"): "start the server, or correct --redis."
    default: "correct --redis or REDIS_URL."
    }
}

func checkCommands(_ redis: Redis) async -> Finding {
    guard let missing = await commandsMissing(of: neededCommands, on: redis) else {
        return .note("Commands", "this user may not ask COMMAND INFO")
    }
    guard missing.isEmpty else {
        return .wrong(
            "Commands", "missing \(missing.joined(separator: ", "))",
            fix: "they are renamed or the server is another product; look for rename-command in redis.conf.")
    }
    return .fine("Commands", "all \(neededCommands.count) that the lessons use")
}

/// Newer commands do the library's work in fewer steps; it manages without.
func checkNewerCommands(_ redis: Redis) async -> Finding {
    guard let capabilities = try? await redis.capabilities(), capabilities.isKnown else {
        return .note("Newer commands", "this user may not ask COMMAND INFO; StreamKit uses none of them")
    }
    let used: [ServerCapabilities.Feature] = [.acknowledgeAndDelete, .claimingRead, .idempotentAppend]
    let native = used.filter(capabilities.supports).map(\.rawValue)
    let portable = used.filter { !capabilities.supports($0) }.map(\.rawValue)
    let parts = [
        native.isEmpty ? nil : "\(native.joined(separator: ", ")) used as they are",
        portable.isEmpty ? nil : "\(portable.joined(separator: ", ")) replaced by older commands",
    ]
    return .note("Newer commands", parts.compactMap { $0 }.joined(separator: "; "))
}

/// The commands that the server does not know, or `nil` if it will not say.
private func commandsMissing(of names: [String], on redis: Redis) async -> [String]? {
    guard let known = try? await redis.send(["COMMAND", "INFO"] + names).elements else { return nil }
    return zip(names, known).filter { $1.isNull || $1.elements?.isEmpty == true }.map { $0.0 }
}

/// ACL DRYRUN asks whether a user might, without doing it.
func checkRights(_ redis: Redis) async -> Finding {
    guard let user = try? await redis.send("ACL", "WHOAMI").text else {
        return .note("Rights", "this user may not ask about its rights")
    }
    var refused: [String] = []
    for command in rightsToTry {
        guard let answer = try? await redis.send(["ACL", "DRYRUN", user] + command) else {
            return .note("Rights", "user \(user); it may not ask for details (ACL DRYRUN)")
        }
        if answer.text != "OK" { refused.append(command[0]) }
    }
    guard refused.isEmpty else {
        return .wrong(
            "Rights", "user \(user) may not \(refused.joined(separator: ", "))",
            fix: "ACL SETUSER \(user) ~* &* +@stream +@read +@write +@scripting +@pubsub +@connection")
    }
    return .fine("Rights", "user \(user) may do all that the lessons do")
}

private let rightsToTry = [
    ["XADD", "lesson2:any", "*", "field", "value"], ["XREAD", "STREAMS", "lesson2:any", "0"],
    ["XGROUP", "CREATE", "lesson2:any", "group", "0"],
    ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "lesson2:any", ">"],
    ["XAUTOCLAIM", "lesson2:any", "g", "c", "0", "0"], ["EVAL", "return 1", "0"], ["PEXPIRE", "lesson2:any", "1"],
    ["PUBLISH", "lesson2:any", "1"], ["LPUSH", "lesson2:any", "1"], ["DEL", "lesson2:any"],
]

func checkTransport(_ configuration: RedisConfiguration) -> Finding {
    switch configuration.endpoint {
    case .unix: return .fine("Transport", "a unix socket: nothing leaves this machine")
    case .tcp where configuration.usesTLS && configuration.tls.verification != .full:
        return .warning(
            "Transport", "encrypted with TLS, to whoever answers: the server's certificate or name is not verified",
            fix: "leave insecure=true away, and name its authority with ?cacert=/path/ca.crt in the URL.")
    case .tcp where configuration.usesTLS: return .fine("Transport", "encrypted with TLS, the server's name verified")
    case .tcp("localhost", _), .tcp("127.0.0.1", _), .tcp("::1", _):
        return .fine("Transport", "TCP without TLS, on this machine only")
    case .tcp:
        return .warning(
            "Transport", "TCP without TLS: password and data can be read on the way",
            fix: "use a rediss:// URL, or keep the network between private.")
    }
}
