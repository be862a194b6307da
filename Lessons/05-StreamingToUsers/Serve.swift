// The server, with a worker in the same process or without one.
// Run:    swift run streaming-to-users serve --port 8080
// Expect: a page at http://127.0.0.1:8080. With --no-worker, prompts wait until a `work` comes.

import TravelPlanner
import AgentRuns
import AgentKit
import ArgumentParser
import Foundation
import LessonKit
import Logging
import StreamKit
import StreamServer

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the HTTP server, and a worker in the same process.")

    @Option(help: "The address to listen on; 0.0.0.0 lets other machines in.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes any free one.") var port = 8080
    @Flag(help: "Leave the work to other processes (streaming-to-users work).") var noWorker = false
    @OptionGroup var options: LessonOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port \(port): a port is 0 to 65535.") }
    }

    func run() async throws {
        do {
            try await withLesson(options) { redis, narrator in
                try await narrator.untraced { try await serve(with: redis, narrator) }
            }
        } catch let error as StreamServerError {
            throw ValidationError(error.description)
        } catch is CancellationError {}
    }

    private func serve(with redis: Redis, _ narrator: Narrator) async throws {
        // Before a page is promised.
        _ = try await redis.send("PING")
        let retention = try RunRetention.fromEnvironment()
        let planner = TravelPlanner()
        var configuration = StreamServerConfiguration(
            host: host, port: port, agents: [planner.name], retention: retention)
        configuration.queueKey = AgentWorker.queueKey
        configuration.queueGroup = AgentWorker.queueGroup
        let server = StreamServer(redis: redis, configuration: configuration, logger: quietLogger) { port in
            narrator.show("Open http://\(host):\(port) in a browser. Ctrl-C stops the server.")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            if !noWorker {
                let worker = AgentWorker(
                    redis: redis, agents: [planner], retention: retention, options: .lesson())
                group.addTask { try await worker.run(as: workerName) }
            }
            // The first to end takes the other along: a page that nobody works for helps nobody.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work on what the server takes in; start as many as you like.")

    @OptionGroup var options: LessonOptions

    func run() async throws {
        do {
            try await withLesson(options) { redis, narrator in
                _ = try await narrator.untraced { try await redis.send("PING") }
                narrator.show("Worker \(workerName) waits for runs. Ctrl-C stops it; another one takes over.")
                let worker = AgentWorker(
                    redis: redis, agents: [TravelPlanner()], retention: try .fromEnvironment(), options: .lesson())
                try await narrator.untraced { try await worker.run(as: workerName) }
            }
        } catch is CancellationError {}
    }
}

private let workerName = "worker-\(ProcessInfo.processInfo.processIdentifier)"

/// Only what is grave; the lesson tells the rest.
///
/// Stopped in the middle, Hummingbird calls every connection an error.
let quietLogger: Logger = {
    var logger = Logger(label: "streaming-to-users")
    logger.logLevel = .critical
    return logger
}()
