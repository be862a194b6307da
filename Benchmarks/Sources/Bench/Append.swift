import LocalRedis
import ArgumentParser
import StreamKit

/// Only appends, so that a profiler sees nothing else.
struct Append: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends entries to a private server, for a profiler to look at.", shouldDisplay: false)

    @Option(help: "How many entries.")
    var count = 25_600
    @Option(help: "How many tasks append one entry at a time; 0 means one task and batches of 256.")
    var tasks = 0
    @Option(help: "The unix socket of a server that runs already.")
    var socket: String?

    func run() async throws {
        guard let socket else {
            return try await withLocalRedis { try await append(to: $0.configuration) }
        }
        try await append(to: RedisConfiguration(unixSocket: socket))
    }

    private func append(to configuration: RedisConfiguration) async throws {
        try await withRedis(configuration) { redis in
            if tasks == 0 {
                try await appendInBatches(redis, "bench:profile", count: count)
            } else {
                try await appendConcurrently(redis.stream("bench:profile"), tasks: tasks, each: count / tasks)
            }
        }
    }
}
