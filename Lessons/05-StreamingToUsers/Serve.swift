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
    @Option(help: "The port to listen on, 8080 unless FUNCTIONS_CUSTOMHANDLER_PORT is set; 0 takes any free one.")
    var port: Int?
    @Option(help: "A further name that browsers may call this server by; may be repeated.")
    var allowedHost: [String] = []
    @Option(help: "An origin, such as https://chat.example.com, whose pages may use this server; may be repeated.")
    var allowedOrigin: [String] = []
    @Option(
        help: ArgumentHelp(
            "A file with the bearer tokens that callers need, one per line: name:token, or token alone.",
            discussion: "Without it, those in STREAM_SERVER_TOKENS, with commas between. Without any, all may ask.",
            valueName: "path"))
    var tokensFile: String?
    @Option(help: "How many connections one address may have; 0 is any number. Users behind a proxy share its address.")
    var connectionsPerAddress = 0
    @Option(help: "How long viewers are still served, and new prompts refused, once the server is told to stop.")
    var drainSeconds = 0
    @Option(help: "How many prompts may wait for a worker at once; 0 is any number. Further ones get a 429.")
    var waitingRuns = RunLimits().maximumWaiting
    @Option(help: "How many of them one caller may have: a token's holder, or an address; 0 is any number.")
    var waitingRunsPerCaller = RunLimits().maximumWaitingPerCaller
    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model = ModelKind.scripted
    @Flag(help: "Leave the work to other processes (the command `work`).") var noWorker = false
    @Flag(help: "For instructors: show on the page what Redis holds, and let it kill workers and Redis.")
    var lab = false
    @OptionGroup var options: LessonOptions

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port \(port): a port is 0 to 65535.")
        }
        for (option, number, meaning) in limitOptions where number < 0 {
            throw ValidationError("--\(option) \(number): \(meaning) is 0 or more; 0 is any number.")
        }
        guard (0...86_400).contains(drainSeconds) else {
            throw ValidationError("--drain-seconds \(drainSeconds): give a number of seconds from 0 to 86400, a day.")
        }
        guard !lab || !noWorker else {
            throw ValidationError("--lab starts workers that can be killed. Leave out --no-worker.")
        }
        guard !lab || options.redis == nil else {
            throw ValidationError("--lab crashes its Redis, so it only takes a private one. Leave out --redis.")
        }
    }

    private var limitOptions: [(String, Int, meaning: String)] {
        [
            ("waiting-runs", waitingRuns, "how many prompts may wait"),
            ("waiting-runs-per-caller", waitingRunsPerCaller, "how many prompts of one caller may wait"),
            ("connections-per-address", connectionsPerAddress, "how many connections one address may have"),
        ]
    }

    func run() async throws {
        let planner = try TravelPlanner(model)
        try await EndTime.$limit.withValue(.seconds(drainSeconds + 5)) {
            guard !lab else { return try await serveLab(planner) }
            try await reportingServerErrors {
                try await withService(options) { try await serve(planner, with: $0, $1) }
            }
        }
    }

    /// Tells in words why the server cannot listen; being told to stop is not an error.
    func reportingServerErrors(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as StreamServerError {
            throw LessonProblem(error.description)
        } catch is CancellationError {}
    }

    func serve(
        _ planner: TravelPlanner, with redis: Redis, _ narrator: Narrator, lab: DemoLab? = nil,
        beside companions: [any Service] = []
    ) async throws {
        let logger = Logger.toStandardError
        let retention = try RunRetention.fromEnvironment()
        var configuration = StreamServerConfiguration(
            host: host, port: try chosenPort, agents: [planner.name], retention: retention)
        configuration.allowedHosts = allowedHost
        configuration.allowedOrigins = allowedOrigin
        configuration.model = noWorker ? nil : (planner.model as? RemoteModel)?.name ?? model.rawValue
        configuration.limits = limits
        if connectionsPerAddress > 0 { configuration.connections.connectionsPerAddress = connectionsPerAddress }
        configuration.drainTime = .seconds(drainSeconds)
        try configuration.takeSecrets(tokensFile: tokensFile)
        configuration.lab = lab
        let server = StreamServer(redis: redis, configuration: configuration, logger: logger) { port in
            narrator.show("Open \(address(port)) in a browser.")
            narrator.show("This is process \(getpid()). Ctrl-C stops the server.")
        }
        // They are told to stop from the last to the first: viewers are served, and runs go on, while the server drains.
        var services = companions
        if !noWorker, lab == nil { services.append(reportingWorker(with: planner, redis, retention, narrator)) }
        services.append(server)
        // The first to end takes the other along: a page that nobody works for helps nobody.
        try await endingGracefully(ServiceGroup(services: services, logger: logger))
    }

    /// Lets the services end by themselves when this task is cancelled, as Ctrl-C does: viewers get a clean end.
    private func endingGracefully(_ group: ServiceGroup) async throws {
        // Detached, so that cancelling this task does not cancel them.
        let running = Task.detached { try await group.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            // Unstructured, because a handler cannot wait; the group's end is waited for above.
            Task { await group.triggerGracefulShutdown() }
        }
    }

    /// The Functions host names the port on which it will call.
    private var chosenPort: Int {
        get throws {
            let name = "FUNCTIONS_CUSTOMHANDLER_PORT"
            guard port == nil, let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
                return port ?? 8080
            }
            guard let port = UInt16(text) else { throw LessonProblem("\(name) is '\(text)', which is not a port.") }
            return Int(port)
        }
    }

    private var limits: RunLimits {
        RunLimits(
            maximumWaiting: waitingRuns == 0 ? .max : waitingRuns,
            maximumWaitingPerCaller: waitingRunsPerCaller == 0 ? .max : waitingRunsPerCaller)
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

    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model = ModelKind.scripted
    @OptionGroup var options: LessonOptions

    func run() async throws {
        let planner = try TravelPlanner(model)
        do {
            try await withService(options, needsServer: true) { redis, narrator in
                narrator.show("Worker, process \(getpid()), waits for runs. Ctrl-C ends it; another one goes on.")
                narrator.show("To kill it from another terminal:\nkill -9 \(getpid())")
                let worker = reportingWorker(with: planner, redis, try .fromEnvironment(), narrator)
                try await worker.run()
            }
        } catch is CancellationError {}
    }
}

/// A worker that says what it takes, finishes, loses and hands back.
func reportingWorker(
    with planner: TravelPlanner, _ redis: Redis, _ retention: RunRetention, _ narrator: Narrator,
    lease: Duration = .seconds(15)
) -> AgentWorker {
    var options = TaskQueueOptions.lesson(lease: lease)
    options.onEvent = { narrator.show("\($0)") }
    let runs = AgentRuns(redis: redis, retention: retention, options: options)
    return AgentWorker(runs: runs, agents: [planner], name: "worker-\(getpid())")
}
