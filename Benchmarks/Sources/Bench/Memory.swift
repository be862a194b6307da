import LocalRedis
import ArgumentParser
import Foundation
import StreamKit

/// Appends a million entries from 64 tasks to a server that is stopped most of the time, and prints by how
/// many megabytes this process grew at most.
struct Memory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends to a server that is mostly stopped, and prints the growth in megabytes.",
        shouldDisplay: false)

    @Option(help: "How many entries.")
    var count = 1_000_000
    @Option(help: "How many tasks.")
    var tasks = 64
    @Option(help: "How many entries a task hands over at once.")
    var batch = 1_000

    func run() async throws {
        try await withLocalRedis { server in
            try await withRedis(server.configuration) { redis in
                try await append(redis, rounds: 1)
                let before = Self.highestMegabytes()
                try await withPauses(of: server) { try await append(redis, rounds: count / tasks / batch) }
                print(Self.highestMegabytes() - before)
            }
        }
    }

    private func append(_ redis: Redis, rounds: Int) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<rounds {
                        let replies = try await redis.pipeline { pipeline in
                            for _ in 0..<batch { pipeline.append(payload, to: "bench:memory", trim: payloadTrim) }
                        }
                        for reply in replies { _ = try reply.get() }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Stops the server for 80 of every 100 milliseconds.
    private func withPauses(of server: LocalRedis, _ body: () async throws -> Void) async throws {
        guard let id = server.processID else { throw StreamKitError.closed }
        try await withThrowingTaskGroup { group in
            group.addTask {
                defer { kill(id, SIGCONT) }
                while true {
                    kill(id, SIGSTOP)
                    try await Task.sleep(for: .milliseconds(80))
                    kill(id, SIGCONT)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private static func highestMegabytes() -> Double {
        var usage = rusage()
        #if os(Linux)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
        #else
        getrusage(RUSAGE_SELF, &usage)
        return Double(usage.ru_maxrss) / 1_048_576
        #endif
    }
}
