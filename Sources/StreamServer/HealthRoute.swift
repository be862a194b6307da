import Hummingbird
import StreamKit

/// `GET /api/health`: whether the server can do its work, for people and for load balancers.
struct HealthRoute: Sendable {
    let redis: Redis
    let agents: Set<String>

    func add(to router: Router<BasicRequestContext>) {
        router.get("/api/health") { _, _ in await health() }
    }

    private func health() async -> Response {
        let isReachable = (try? await redis.send("PING").text) == "PONG"
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
