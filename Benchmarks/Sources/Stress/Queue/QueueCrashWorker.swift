import ArgumentParser
import Foundation
import StreamKit

/// The hidden subcommand in which a worker process of `queue-crash` lives.
struct QueueCrashWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "queue-crash-worker", shouldDisplay: false)
    @Argument var name: String
    @Argument var pace: Int

    func run() async throws {
        guard let configuration = try RedisConfiguration.fromEnvironment() else { throw ExitCode.failure }
        try await withRedis(configuration) { redis in
            while true {
                do {
                    try await CrashQueue.queue(redis).work(as: name, concurrency: 10) { try await work(on: $0) }
                } catch is StreamKitError {
                    // The server was down just when the worker began.
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    private func work(on task: QueuedTask<CrashTask>) async throws {
        try await insistently {
            _ = try await task.sendIfHeld(
                [
                    "XADD", CrashQueue.audit, "*", "task", "\(task.id)", "worker", name, "attempt",
                    String(task.attempt), "clock", String(Int(Date().timeIntervalSince1970 * 1000)),
                ], key: CrashQueue.audit)
        }
        try await Task.sleep(for: .milliseconds(Double(pace) * .random(in: 0.5...1.5)))
        try await insistently {
            try await task.complete(
                sending: ["HINCRBY", CrashQueue.effects, "\(task.id)", "1"], key: CrashQueue.effects)
        }
    }

    /// Asks again after a lost connection.
    ///
    /// If the first try went through after all, the second is refused.
    private func insistently(_ step: () async throws -> Void) async throws {
        while true {
            do {
                return try await step()
            } catch is StreamKitError {
                try await Task.sleep(for: .milliseconds(50))
            } catch is TaskLeaseLost {
                return
            }
        }
    }
}
