// The server with the instructor's panel: everything that can be broken there belongs to this process.
// Run:    ./lesson 5 serve --lab
// Expect: a page with a third column; workers in processes of their own, and a Redis that survives a crash.

import AgentKit
import LessonKit
import LocalRedis
import ServiceLifecycle
import StreamKit
import StreamServer
import TravelPlanner

extension Serve {
    func serveLab(_ planner: TravelPlanner) async throws {
        guard try RedisConfiguration.fromEnvironment() == nil else {
            throw LessonProblem("--lab crashes its Redis, so it only takes a private one. Unset REDIS_URL.")
        }
        try await withLocalRedis(options: LocalRedis.Options(durable: true, tcp: true)) { local in
            var options = options
            options.redis = "unix://\(local.socket)"
            try await reportingServerErrors {
                try await withLesson(options) { redis, narrator in
                    try await narrator.untraced { try await serveLab(planner, redis, local, narrator) }
                }
            }
        }
    }

    private func serveLab(
        _ planner: TravelPlanner, _ redis: Redis, _ local: LocalRedis, _ narrator: Narrator
    ) async throws {
        try await withRedis(local.configuration) { inspector in
            let feed = CommandFeed(socket: local.socket)
            let lab = DemoLab(local, redis: inspector, feed: feed, model: model.rawValue)
            for _ in 0..<2 { try await lab.startWorker() }
            do {
                try await serve(planner, with: redis, narrator, lab: lab, beside: [FeedService(feed: feed)])
            } catch {
                await lab.end()
                throw error
            }
            await lab.end()
        }
    }
}

private struct FeedService: Service {
    let feed: CommandFeed

    func run() async throws {
        await cancelWhenGracefulShutdown { try? await feed.run() }
    }
}
