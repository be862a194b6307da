// Agent task logging: an agent writes down everything it does, while it does it.
// Run:    ./lesson 4
// Expect: an agent that logs by hand, then one whose log survives a crash.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import StreamKit
import TravelPlanner

@main
struct AgentTaskLogging: LessonProgram {
    static let configuration = CommandConfiguration(
        commandName: LessonCommand.name(of: 4),
        abstract: "Lesson 4: an agent whose every thought, tool call and word is an event in a stream.",
        subcommands: [Demo.self, Run.self, Work.self, Notes.self, Replay.self, Trace.self, CheckModel.self],
        defaultSubcommand: Demo.self)
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let the agent answer a prompt, and watch its log.")

    @OptionGroup var options: LessonOptions
    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model = ModelKind.scripted
    @Argument(help: "What you want of the TravelPlanner, for example \"Plan a 3-day trip to Tokyo\".")
    var prompt: String

    func validate() throws {
        guard prompt.contains(where: { !$0.isWhitespace }) else { throw ValidationError("The prompt is empty.") }
    }

    func run() async throws {
        let planner = try TravelPlanner(model)
        try await withLesson(options) { redis, narrator in
            let request = RunRequest(
                conversationID: UUID().uuidString.lowercased(), correlationID: UUID().uuidString.lowercased(),
                agent: "TravelPlanner", message: prompt)
            let log = RunLog(redis: redis, conversationID: request.conversationID, retention: try .fromEnvironment())
            narrator.say("Conversation \(request.conversationID)")
            try await narrator.untraced { try await answerAndWatch(request, by: planner, log, narrator) }
            let life = try await narrator.untraced { try await redis.send("TTL", log.stream.key).integer ?? 0 }
            guard try options.namesServer else {
                narrator.say("The private server ends now, and the log with it. On one of your own (--redis) it stays.")
                return
            }
            narrator.show("The log stays for \(life) seconds. To replay it:")
            // Not wrapped, so that it can be pasted.
            StandardOutput.print("  " + options.typing(4, "replay", request.conversationID))
        }
    }
}

struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work on the requests in the queue agent-tasks until Ctrl-C.")

    @OptionGroup var options: LessonOptions
    @Option(help: "The worker's name.") var name = "worker-\(getpid())"
    @Option(
        help: "The model: scripted, openai, responses or azure; .env.example tells their settings.",
        transform: { try ModelKind(named: $0) })
    var model = ModelKind.scripted
    @Option(help: "Seconds until the task of a worker that was killed goes to another one.") var lease = 15.0

    func validate() throws {
        guard (0.1...3_600).contains(lease) else { throw ValidationError("--lease \(lease): use 0.1 to 3600 seconds.") }
        try requireSharedServer(options)
    }

    func run() async throws {
        let planner = try TravelPlanner(model)
        try await withLesson(options) { redis, narrator in
            narrator.show("\(name), process \(getpid()), waits for requests in agent-tasks. Ctrl-C ends it.")
            narrator.show("To kill it from another terminal:\nkill -9 \(getpid())")
            var queueOptions = TaskQueueOptions.lesson(lease: .seconds(lease))
            queueOptions.onEvent = { narrator.show("\($0)") }
            let runs = AgentRuns(redis: redis, retention: try .fromEnvironment(), options: queueOptions)
            let worker = AgentWorker(runs: runs, agents: [planner], name: name)
            try await narrator.untraced { try await worker.run() }
        }
    }
}

extension LessonOptions {
    /// Whether the command line or the environment names a server, which stays when the command has ended.
    fileprivate var namesServer: Bool {
        get throws { try redis != nil || RedisConfiguration.fromEnvironment() != nil }
    }
}

/// A private server begins empty and nobody else uses it, so there is nothing in it to work on or to replay.
func requireSharedServer(_ options: LessonOptions) throws {
    guard try !options.namesServer else { return }
    throw ValidationError("Say which Redis: --redis redis://localhost:6379, or set REDIS_URL.")
}
