// Workers as processes of their own, so that they can be killed for real.
// Run:    swift run queue-integration
// Expect: nothing to see here; the demo starts, pauses and kills what this file makes.

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// A worker in a process of its own: this program, started again with the hidden subcommand `worker`.
struct WorkerProcess {
    let name: String
    private let process: Process
    /// The worker ends when this closes, so it cannot outlive the demo.
    private let lifeline: Pipe

    init(_ kind: QueueKind, name: String, pace: Duration, redisURL: String) throws {
        self.name = name
        process = Process()
        lifeline = Pipe()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["worker", kind.rawValue, name, "\(pace / .seconds(1))"]
        // In the environment rather than among the arguments, which every user of the machine can read.
        process.environment = ProcessInfo.processInfo.environment.merging(["REDIS_URL": redisURL]) { $1 }
        process.standardInput = lifeline
        try process.run()
    }

    func signal(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// SIGKILL: no handler runs, nothing is cleaned up.
    func die() {
        guard process.isRunning else { return }
        signal(SIGKILL)
        // It blocks a thread of Swift's, but after that signal not for long.
        process.waitUntilExit()
    }
}

/// Lends a worker process to `body`, and kills it at the latest when that ends.
func withWorker<R>(
    _ kind: QueueKind, _ name: String, pace: Duration = .milliseconds(300), redisURL: String,
    _ body: (WorkerProcess) async throws -> R
) async throws -> R {
    let worker = try WorkerProcess(kind, name: name, pace: pace, redisURL: redisURL)
    defer { worker.die() }
    return try await body(worker)
}

/// The hidden subcommand in which a worker process lives.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(shouldDisplay: false)
    @Argument var queue: QueueKind
    @Argument var name: String
    @Argument var pace: Double

    func run() async throws {
        Thread.detachNewThread {
            while readLine() != nil {}
            Foundation.exit(0)
        }
        guard let configuration = try RedisConfiguration.fromEnvironment() else { throw ExitCode.failure }
        try await withRedis(configuration) { redis in
            try await queue.work(redis, as: name, pace: .seconds(pace))
        }
    }
}
