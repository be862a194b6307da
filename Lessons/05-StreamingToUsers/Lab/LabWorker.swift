// A worker in a process of its own, so that it can be killed and paused for real.
// Run:    ./lesson 5 serve --lab
// Expect: nothing to see here; the page's panel shows what this file starts.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import StreamKit
import StreamServer
import TravelPlanner

final class LabWorker {
    /// The process ID.
    let id: Int32
    private let process = Process()
    /// Kills the worker when the server has ended.
    ///
    /// The worker cannot see to that itself while it is paused.
    private let watchdog = Process()
    /// It closes when the server ends, however that happens.
    private let lifeline = Pipe()
    private var isPaused = false
    private var isKilled = false

    init(redis: String, model: String) throws {
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["lab-worker", "--redis", redis, "--model", model]
        process.standardInput = FileHandle.nullDevice
        watchdog.executableURL = URL(filePath: "/bin/sh")
        watchdog.standardInput = lifeline
        // Once the worker is gone, its number may become another process's.
        process.terminationHandler = { [watchdog] _ in if watchdog.isRunning { watchdog.terminate() } }
        try process.run()
        id = process.processIdentifier
        watchdog.arguments = ["-c", "read -r line; kill -9 \(id) 2>/dev/null"]
        do {
            try watchdog.run()
        } catch {
            kill(id, SIGKILL)
            throw error
        }
        // The worker may have ended before there was a watchdog to end.
        if !process.isRunning { watchdog.terminate() }
    }

    var isRunning: Bool { process.isRunning && !isKilled }

    var report: LabReport.Worker {
        LabReport.Worker(process: id, state: isRunning ? (isPaused ? .paused : .running) : .dead)
    }

    func pause() {
        kill(id, SIGSTOP)
        isPaused = true
    }

    func resume() {
        kill(id, SIGCONT)
        isPaused = false
    }

    func die() {
        if isRunning { kill(id, SIGKILL) }
        isKilled = true
    }
}

/// The hidden subcommand in which such a worker lives.
struct LabWorkerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "lab-worker", shouldDisplay: false)
    @Option var redis: String
    @Option(transform: { try ModelKind(named: $0) }) var model: ModelKind

    func run() async throws {
        let planner = try TravelPlanner(model)
        try await withRedis(try RedisConfiguration(url: redis)) { redis in
            let narrator = Narrator(try LessonOptions.parse([]))
            // A short lease: nobody wants to wait long for a takeover that is being shown.
            let worker = reportingWorker(
                with: planner, redis, try .fromEnvironment(), narrator, lease: .seconds(4))
            try await worker.run()
        }
    }
}
