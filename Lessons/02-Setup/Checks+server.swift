// What the doctor checks about the server itself: version, role, persistence, memory.

import LessonKit
import StreamKit

/// What is known of the server, for the checks and for the commands that they recommend.
struct Server {
    var configuration: RedisConfiguration
    var info: ServerInfo
    /// Whether it ends with the lesson.
    var isPrivate = false

    /// How to change a setting for good: a server without a configuration file forgets it at its next start.
    func fix(setting name: String, to value: String) -> String {
        let change = configuration.redisCLI("CONFIG", "SET", name, value)
        switch info["config_file"] {
        case nil: return "\(change); that lasts until the server restarts, so change its configuration, too."
        case "": return "\(change); and add --\(name) \(value) to the command that starts the server."
        default: return "\(change) && \(configuration.redisCLI("CONFIG", "REWRITE"))"
        }
    }
}

func checkVersion(_ server: Server) -> Finding {
    let info = server.info
    guard let version = info.version, let numbers = info.versionNumbers else {
        return .unknown(
            "Version", "this user is not allowed to ask (INFO)",
            fix: "ask its operator whether it is 7.0 or newer, or for the right to use INFO.")
    }
    guard numbers >= (7, 0) else {
        return .wrong(
            "Version", "\(info.product) \(version) is older than 7.0",
            fix: "install 7.0 or newer, or leave --redis away to use a private server.")
    }
    return .fine("Version", "\(info.product) \(version)")
}

func checkPersistence(_ server: Server) -> Finding {
    let info = server.info
    switch (info["aof_enabled"], info["rdb_last_bgsave_status"], info["aof_last_write_status"]) {
    case (nil, _, _): return .note("Persistence", "this server does not say")
    case (_, "err"?, _), (_, _, "err"?):
        return .wrong(
            "Persistence", "the last save to disk failed, so writes may be refused (MISCONF)",
            fix: "look at the server's log: usually the disk is full, or the folder not writable.")
    case ("1"?, _, _): return .fine("Persistence", "append-only file on: streams survive a restart")
    default:
        if server.isPrivate { return .note("Persistence", "none: a private server keeps nothing after the lesson") }
        return .warning(
            "Persistence", "append-only file off: a crash loses everything since the last snapshot",
            fix: server.fix(setting: "appendonly", to: "yes"))
    }
}

func checkEviction(_ server: Server) -> Finding {
    let info = server.info
    guard let policy = info["maxmemory_policy"], let limit = info["maxmemory"].flatMap({ Int($0) }) else {
        return .note("Memory", "this server does not say")
    }
    let size = info["maxmemory_human"] ?? String(limit)
    let fix = server.fix(setting: "maxmemory-policy", to: "noeviction")
    if policy == "noeviction", limit > 0, let used = info["used_memory"].flatMap({ Int($0) }), used >= limit {
        return .wrong(
            "Memory", "full (\(size)): what adds data is refused (OOM)",
            fix: server.fix(setting: "maxmemory", to: "\(used / 1_000_000 + 100)mb"))
    }
    if policy.hasPrefix("allkeys") {
        let found = "maxmemory-policy \(policy) evicts whole streams when memory is full"
        return limit == 0
            ? .warning("Memory", "\(found); no limit is set yet, so it never is", fix: fix)
            : .wrong("Memory", "\(found) (\(size))", fix: fix)
    }
    if policy.hasPrefix("volatile") {
        return .warning("Memory", "maxmemory-policy \(policy) evicts streams that have an expiry", fix: fix)
    }
    return .fine("Memory", "\(policy): no stream is evicted" + (limit == 0 ? "; no limit set" : "; limit \(size)"))
}

func checkConnections(_ server: Server) -> Finding {
    // Lesson 3 has the most: its demo, and two workers that each wait for tasks and for cancellations.
    let needed = 8
    guard let most = server.info["maxclients"].flatMap({ Int($0) }),
        let taken = server.info["connected_clients"].flatMap({ Int($0) })
    else { return .note("Connections", "this server does not say how many it takes") }
    guard most - taken >= needed else {
        return .wrong(
            "Connections", "\(taken) of \(most) are taken, and a lesson opens up to \(needed)",
            fix: server.fix(setting: "maxclients", to: "\(taken + 100)"))
    }
    return .fine("Connections", "room for the \(needed) that a lesson opens")
}
