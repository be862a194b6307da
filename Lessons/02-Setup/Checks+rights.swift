// What the doctor checks about commands: whether the server knows them, and whether this user is allowed to use them.

import LessonKit
import StreamKit

/// The commands that the five lessons send, each with arguments that a server accepts.
///
/// A test compares them with what a server counts while it plays the lessons.
let commandsOfLessons: [[String]] =
    """
    XADD k * field value;XLEN k;XRANGE k - +;XREVRANGE k + -;XREAD STREAMS k 0;XDEL k 1-0;XTRIM k MAXLEN 1
    XINFO STREAM k;XINFO GROUPS k;XINFO CONSUMERS k g;XGROUP CREATE k g 0;XGROUP DELCONSUMER k g c
    XREADGROUP GROUP g c STREAMS k >;XACK k g 1-0;XPENDING k g;XAUTOCLAIM k g c 0 0;XCLAIM k g c 0 1-0
    EXISTS k;TYPE k;DEL k;GET k;SET k v;PEXPIRE k 1;TTL k;INCR k;LPUSH k v;RPOP k;BRPOP k 1;LLEN k;LRANGE k 0 -1
    HSET k f v;HSETNX k f v;HGET k f;HMGET k f;HGETALL k;HDEL k f;HLEN k;HKEYS k;HINCRBY k f 1
    ZADD k 1 m;ZREM k m;ZCARD k;ZCOUNT k 0 1;ZSCORE k m;ZRANGE k 0 1;ZRANGEBYSCORE k 0 1;ZREMRANGEBYSCORE k 0 1
    EVAL script 0;EVALSHA sha 0;SCRIPT LOAD script;TIME;PING
    """
    .split { $0 == ";" || $0.isNewline }
    .map { $0.split(separator: " ").map { $0 == "k" ? "lesson2:any" : String($0) } }

/// Patterns that cover the keys of all lessons, and keys that each of them has to cover.
private let keysOfLessons = [
    (pattern: "lesson*", keys: ["lesson1:any", "lesson2:any", "lesson3:any", "lesson5:any"]),
    ("{lesson*", ["{lesson3:jobs}:any", "{lesson5:tasks}:any"]),
    ("agent*", ["agent-tasks", "agent-stream:any", "agent_logs:any"]),
    ("{agent*", ["{agent-tasks}:any", "{agent-stream:any}:run"]),
]

func checkCommands(_ redis: Redis) async -> Finding {
    let names = uniqueNames(of: commandsOfLessons)
    guard let known = try? await redis.send(["COMMAND", "INFO"] + names).elements, known.count == names.count else {
        return .note("Commands", "this user is not allowed to ask whether the server has them (COMMAND INFO)")
    }
    let missing = zip(names, known).filter { $1.isNull || $1.elements?.isEmpty == true }.map { $0.0 }
    guard missing.isEmpty else {
        return .wrong(
            "Commands", "the server does not know \(missing.joined(separator: ", "))",
            fix: "look for rename-command in its redis.conf; if there is none, it is another product or too old.")
    }
    return .fine("Commands", "all \(names.count) that the lessons use")
}

private func uniqueNames(of commands: [[String]]) -> [String] {
    var seen: Set<String> = []
    return commands.compactMap { $0.first }.filter { seen.insert($0).inserted }
}

/// ACL DRYRUN asks whether a user might run a command, without running it.
func checkRights(_ redis: Redis) async -> Finding {
    guard let user = try? await redis.send("ACL", "WHOAMI").text else {
        return .unknown(
            "Rights", "this user is not allowed to ask what it may do (ACL WHOAMI)",
            fix: "ask the operator of the server for +acl|whoami and +acl|dryrun, or just try a lesson.")
    }
    guard let refused = await refusals(for: user, redis) else {
        return .unknown(
            "Rights", "user \(user) is not allowed to ask what it may do (ACL DRYRUN)",
            fix: setUser(user, ["+acl|dryrun"], redis) + ", or just try a lesson.")
    }
    guard refused.isEmpty else {
        let found = refused.map { rule in
            let name = rule.dropFirst()
            return rule.hasPrefix("~") ? "keys that match \(name)" : name.uppercased().replacing("|", with: " ")
        }
        return .wrong(
            "Rights", "user \(user) is not allowed to use \(found.joined(separator: ", "))",
            fix: setUser(user, refused, redis))
    }
    return .fine("Rights", "user \(user) may do all that the lessons do")
}

/// The rules that are missing, as ACL SETUSER takes them, or `nil` if the user must not ask.
private func refusals(for user: String, _ redis: Redis) async -> [String]? {
    var rules: [String] = []
    for command in commandsOfLessons {
        guard let answer = await dryRun(command, as: user, redis) else { return nil }
        let name = command[0].lowercased()
        let hasParts = ["xinfo", "xgroup", "script"].contains(name)
        if answer == .command { rules.append("+" + (hasParts ? "\(name)|\(command[1].lowercased())" : name)) }
    }
    for (pattern, keys) in keysOfLessons {
        for key in keys where await isRefused(key, for: user, redis) {
            rules.append("~" + pattern)
            break
        }
    }
    return rules
}

/// Whether a user is refused a key; a command that is refused itself says nothing about keys.
private func isRefused(_ key: String, for user: String, _ redis: Redis) async -> Bool {
    for command in [["DEL", key], ["XADD", key, "*", "field", "value"], ["PEXPIRE", key, "1"]] {
        let answer = await dryRun(command, as: user, redis)
        if answer != .command { return answer == .key }
    }
    return false
}

private enum Answer { case allowed, command, key }

/// What ACL DRYRUN says, or `nil` if the user must not ask.
///
/// A command that the server does not know is not a matter of rights.
private func dryRun(_ command: [String], as user: String, _ redis: Redis) async -> Answer? {
    do {
        let answer = try await redis.send(["ACL", "DRYRUN", user] + command).text ?? ""
        if answer == "OK" { return .allowed }
        // "…no permissions to access the 'lesson2:any' key" and "…to run the 'xadd' command".
        return answer.contains("key") && !answer.contains("command") ? .key : .command
    } catch StreamKitError.server(let error) where error.description.contains("not found") {
        return .allowed
    } catch {
        return nil
    }
}

/// The command for somebody who may change users, so without this user's name and password.
private func setUser(_ user: String, _ rules: [String], _ redis: Redis) -> String {
    var address = redis.configuration
    (address.credentials.username, address.credentials.password) = (nil, nil)
    let words = (["ACL", "SETUSER", user] + rules).map(shellQuoted).joined(separator: " ")
    return "as a user with the right to do so: \(address.redisCLI()) \(words)"
}
