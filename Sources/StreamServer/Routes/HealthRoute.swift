import Hummingbird
import StreamKit

/// `GET /api/health`: whether the server can do its work, for people and for load balancers.
struct HealthRoute: Sendable {
    let redis: Redis
    let agents: Set<String>

    var route: Route {
        Route(.get, "/api/health", .health, door: .open) { _, _, _ in await health() }
    }

    /// A load balancer asks every few seconds, and takes silence for death.
    private static let timeLimit = Duration.milliseconds(800)

    private func isReachable() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await redis.send("PING").text) == "PONG" }
            group.addTask {
                try? await Task.sleep(for: Self.timeLimit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func health() async -> Response {
        let isReachable = await isReachable()
        return .json(
            Health(
                status: isReachable ? "ok" : "degraded",
                redis: isReachable ? "reachable" : "unreachable",
                agents: agents.sorted()),
            status: isReachable ? .ok : .serviceUnavailable)
    }

    private struct Health: Encodable {
        let status: String
        let redis: String
        let agents: [String]
    }
}
