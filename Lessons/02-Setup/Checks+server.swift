// What the doctor checks about the server itself: version, role, persistence, memory.

import LessonKit
import StreamKit

func checkVersion(_ info: ServerInfo) -> Finding {
    guard let version = info.version, let numbers = info.versionNumbers else {
        return .warning(
            "Version", "unknown: this user may not ask INFO",
            fix: "grant it with ACL SETUSER <user> +info, or ask the admin.")
    }
    guard numbers >= (7, 0) else {
        return .wrong(
            "Version", "\(info.product) \(version) is older than 7.0",
            fix: "install 7.0 or newer, or leave --redis away to use a private server.")
    }
    return .fine("Version", "\(info.product) \(version)")
}

func checkRole(_ info: ServerInfo) -> Finding {
    if info["role"] == "slave" {
        let primary = "\(info["master_host"] ?? "?"):\(info["master_port"] ?? "?")"
        return .wrong("Role", "this is a read-only replica", fix: "connect to its primary, \(primary).")
    }
    if info["cluster_enabled"] == "1" {
        return .warning(
            "Role", "a cluster node: a key on another node answers MOVED",
            fix: "use a server that is not a cluster; these lessons follow no MOVED.")
    }
    guard let role = info["role"] else { return .note("Role", "not told by this server") }
    return .fine("Role", "a \(role == "master" ? "primary" : role) that takes writes")
}

func checkPersistence(_ info: ServerInfo) -> Finding {
    switch (info["aof_enabled"], info["rdb_last_bgsave_status"], info["aof_last_write_status"]) {
    case (nil, _, _): return .note("Persistence", "not told by this server")
    case (_, "err"?, _), (_, _, "err"?):
        return .wrong(
            "Persistence", "the last save to disk failed, so writes may be refused (MISCONF)",
            fix: "look at the server's log: a full disk or missing rights, usually.")
    case ("1"?, _, _): return .fine("Persistence", "append-only file on: streams survive a restart")
    default:
        return .warning(
            "Persistence", "append-only file off: a crash loses everything since the last snapshot",
            fix: "redis-cli CONFIG SET appendonly yes, then CONFIG REWRITE to make it last.")
    }
}

func checkEviction(_ info: ServerInfo) -> Finding {
    guard let policy = info["maxmemory_policy"], let limit = info["maxmemory"].flatMap({ Int($0) }) else {
        return .note("Memory", "not told by this server")
    }
    let size = info["maxmemory_human"] ?? String(limit)
    let fix = "redis-cli CONFIG SET maxmemory-policy noeviction, then CONFIG REWRITE to make it last."
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
