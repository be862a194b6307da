// Workers as processes of their own, so that they can be killed for real.
// Run:    ./lesson 3
// Expect: nothing to see here; the demo starts, pauses and kills what this file makes.

import ArgumentParser
import Foundation
import LessonKit
import StreamKit

/// A worker in a process of its own: this program, started again with the hidden subcommand `worker`.
struct WorkerProcess: Sendable {
    let name: String
    /// The process ID.
    let id: Int32
    private let process: Process
    /// The worker ends when this closes, so it cannot outlive the demo.
    private let lifeline: Pipe
    private let standardError: AsyncStream<Data>
    private let ends: AsyncStream<Void>

    init(_ kind: QueueKind, name: String, pace: Duration, environment: [String: String]) throws {
        self.name = name
        process = Process()
        lifeline = Pipe()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["worker", kind.rawValue, name, "\(pace / .seconds(1))"]
        process.environment = environment
        process.standardInput = lifeline
        let errors = Pipe()
        process.standardError = errors
        standardError = errors.chunks
        let (ends, end) = AsyncStream<Void>.makeStream()
        self.ends = ends
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        id = process.processIdentifier
    }

    func signal(_ signal: Int32) {
        kill(id, signal)
    }

    /// SIGKILL: no handler runs, nothing is cleaned up.
    func die() {
        guard process.isRunning else { return }
        signal(SIGKILL)
        // It blocks a thread of Swift's, but after that signal not for long. Not `waitUntilExit()`, which runs a run loop
        // on that thread and was seen to crash there.
        while process.isRunning { usleep(1000) }
    }

    /// Returns when the worker was killed.
    ///
    /// - Throws: A ``LessonKit/LessonProblem`` with the worker's own words if it ended in any other way.
    func waitUntilKilled() async throws {
        for await _ in ends {}
        try Task.checkCancellation()
        if process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL { return }
        let words = await standardError.reduce(into: Data()) { $0 += $1 }
        let reason = String(decoding: words, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        throw LessonProblem(
            "The process of \(name) ended by itself, with status \(process.terminationStatus). "
                + (reason.isEmpty ? "It did not say why." : "It said: \(reason)"))
    }
}

extension Pipe {
    /// What is written to the pipe, until its other end is closed.
    fileprivate var chunks: AsyncStream<Data> {
        let (chunks, chunk) = AsyncStream<Data>.makeStream()
        fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            guard data.isEmpty else { return _ = chunk.yield(data) }
            handle.readabilityHandler = nil
            chunk.finish()
        }
        return chunks
    }
}

/// Lends a worker process to `body`, and kills it at the latest when that ends.
///
/// - Throws: What `body` throws, or why the worker ended by itself meanwhile.
func withWorker(
    _ kind: QueueKind, _ name: String, pace: Duration = .milliseconds(300), environment: [String: String],
    _ body: @escaping @Sendable (WorkerProcess) async throws -> Void
) async throws {
    let worker = try WorkerProcess(kind, name: name, pace: pace, environment: environment)
    defer { worker.die() }
    try await withCompanion {
        try await worker.waitUntilKilled()
    } _: {
        try await body(worker)
    }
}

/// The hidden subcommand in which a worker process lives.
struct WorkerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)
    @Argument var queue: QueueKind
    @Argument var name: String
    @Argument var pace: Double

    func run() async throws {
        Thread.detachNewThread {
            while readLine() != nil {}
            Foundation.exit(0)
        }
        guard let configuration = try RedisConfiguration.fromEnvironment() else {
            throw LessonProblem("A worker of the demo needs REDIS_URL.")
        }
        try await withRedis(configuration) { redis in
            try await queue.work(redis, as: LessonWorker(name: name, pace: .seconds(pace)))
        }
    }
}
