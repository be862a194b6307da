// The server, with a worker in the same process or without one.
// Run:    ./lesson 5 serve --port 8080
// Expect: a page at http://127.0.0.1:8080. With --no-worker, prompts wait until a `work` comes.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import Logging
import ServiceLifecycle
import StreamKit
import StreamServer
import TravelPlanner

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the HTTP server, and a worker in the same process.")

    @Option(help: "The address to listen on; 0.0.0.0 lets other machines in.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes any free one.") var port = 8080
    @Option(help: "A further name that browsers may call this server by; may be repeated.")
    var allowedHost: [String] = []
    @Option(help: "The model: scripted, openai, responses or azure; .env.example tells their settings.")
    var model = "scripted"
    @Flag(help: "Leave the work to other processes (the command `work`).") var noWorker = false
    @OptionGroup var options: LessonOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port \(port): a port is 0 to 65535.") }
    }

    func run() async throws {
        let planner = try TravelPlanner(modelNamed: model)
        do {
            try await withLesson(options) { redis, narrator in
                try await narrator.untraced { try await serve(planner, with: redis, narrator) }
            }
        } catch let error as StreamServerError {
            throw LessonProblem(error.description)
        } catch is CancellationError {}
    }

    private func serve(_ planner: TravelPlanner, with redis: Redis, _ narrator: Narrator) async throws {
        // Before a page is promised.
        _ = try await redis.send("PING")
        let logger = Logger.toStandardError
        let retention = try RunRetention.fromEnvironment()
        var configuration = StreamServerConfiguration(
            host: host, port: port, agents: [planner.name], retention: retention)
        configuration.allowedHosts = allowedHost
        let server = StreamServer(redis: redis, configuration: configuration, logger: logger) { port in
            narrator.show("Open \(address(port)) in a browser.")
            narrator.show("This is process \(getpid()). Ctrl-C stops the server.")
        }
        var services: [any Service] = [server]
        if !noWorker { services.append(reportingWorker(with: planner, redis, retention, narrator)) }
        // The first to end takes the other along: a page that nobody works for helps nobody.
        try await ServiceGroup(services: services, logger: logger).run()
    }

    /// What to open in a browser on this machine.
    private func address(_ port: Int) -> String {
        let wildcards = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        let name = wildcards[host] ?? host
        return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)"
    }
}

struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work on what the server accepts; start as many as you like.")

    @Option(help: "The model: scripted, openai, responses or azure; .env.example tells their settings.")
    var model = "scripted"
    @OptionGroup var options: LessonOptions

    func run() async throws {
        let planner = try TravelPlanner(modelNamed: model)
        do {
            try await withLesson(options) { redis, narrator in
                _ = try await narrator.untraced { try await redis.send("PING") }
                narrator.show("Worker, process \(getpid()), waits for runs. Ctrl-C ends it; another one goes on.")
                narrator.show("To kill it from another terminal:\nkill -9 \(getpid())")
                let worker = reportingWorker(with: planner, redis, try .fromEnvironment(), narrator)
                try await narrator.untraced { try await worker.run() }
            }
        } catch is CancellationError {}
    }
}

/// A worker that says what it takes, finishes, loses and hands back.
private func reportingWorker(
    with planner: TravelPlanner, _ redis: Redis, _ retention: RunRetention, _ narrator: Narrator
) -> AgentWorker {
    var options = TaskQueueOptions.lesson()
    options.onEvent = { narrator.show("\($0)") }
    let runs = AgentRuns(redis: redis, retention: retention, options: options)
    return AgentWorker(runs: runs, agents: [planner], name: "worker-\(getpid())")
}
