// snippet: program
import LocalRedis
import StreamKit

func followOneTask() async throws -> [String] {
    try await withLocalRedis { server in
        // For a server of yours: try RedisConfiguration(url: "redis://localhost:6379")
        try await withRedis(server.configuration) { redis in
            let log = redis.stream("task:42")
            for event in ["task_started", "tool_usage", "task_completed"] {
                try await log.append(["event": event], trim: .maximumLength(10_000))
            }

            var events: [String] = []
            for try await entry in log.follow(after: .beginning) {
                events.append(entry["event"] ?? "unknown")
                if events.last == "task_completed" { break }
            }
            return events
        }
    }
}
// end snippet

/// The lines for a manifest, as the README shows them.
let manifestExample = """
    // snippet: manifest
    dependencies: [
        .package(url: "https://github.com/YOUR-ACCOUNT/redis-streams-workspace.git", branch: "main")
    ],
    targets: [
        .executableTarget(
            name: "MyAgent",
            dependencies: [
                .product(name: "StreamKit", package: "redis-streams-workspace"),
                .product(name: "LocalRedis", package: "redis-streams-workspace"),
            ])
    ]
    // end snippet
    """
