// What the doctor checks about the server's place among others: primary, replica, node of a cluster.

import LessonKit
import StreamKit

/// What CLUSTER INFO says, where it matters to the lessons.
enum ClusterInfo: Equatable {
    /// Not a cluster.
    case none
    /// A cluster; whether all slots are served, and by how many nodes.
    case cluster(isComplete: Bool, nodes: Int)
    /// A cluster that does not say.
    case unknown

    static func read(from redis: Redis, _ server: Server) async -> ClusterInfo {
        guard server.info["cluster_enabled"] == "1" else { return .none }
        let answer = ServerInfo((try? await redis.send("CLUSTER", "INFO").text) ?? "")
        guard let state = answer["cluster_state"], let nodes = answer["cluster_size"].flatMap({ Int($0) }) else {
            return .unknown
        }
        return .cluster(isComplete: state == "ok" && answer["cluster_slots_assigned"] == "16384", nodes: nodes)
    }
}

func checkRole(_ server: Server, cluster: ClusterInfo) -> Finding {
    let info = server.info
    if info["role"] == "slave" {
        let primary = "\(info["master_host"] ?? "?"):\(info["master_port"] ?? "?")"
        return .wrong("Role", "this is a read-only replica", fix: "connect to its primary, \(primary).")
    }
    switch cluster {
    case .none: break
    case .unknown:
        return .unknown(
            "Role", "a node of a cluster, and this user is not allowed to ask for more (CLUSTER INFO)",
            fix: "use a server that is not a cluster.")
    case .cluster(isComplete: false, _):
        return .wrong(
            "Role", "a node of a cluster that does not serve all slots",
            fix: "\(server.configuration.redisCLI("CLUSTER", "INFO")) tells its state; for a cluster of one node: "
                + server.configuration.redisCLI("CLUSTER", "ADDSLOTSRANGE", "0", "16383"))
    case .cluster(_, nodes: 1):
        return .note("Role", "a cluster of one node, which serves all slots: the lessons run on it")
    case .cluster(_, let nodes):
        return .wrong(
            "Role", "one of \(nodes) primaries of a cluster: keys of the others are answered with MOVED",
            fix: "use a server that is not a cluster; StreamKit does not follow MOVED.")
    }
    guard let role = info["role"] else {
        return .unknown(
            "Role", "this user is not allowed to ask (INFO)",
            fix: "ask its operator whether it is a primary.")
    }
    return .fine("Role", "a \(role == "master" ? "primary" : role) that takes writes")
}
