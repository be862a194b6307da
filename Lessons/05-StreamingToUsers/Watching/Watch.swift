// The viewer for the terminal: asks, or joins a conversation, and comes back by itself.
// Run:    ./lesson 5 watch <conversation>
// Expect: the answer as it is written; ./lesson 5 watch --help lists what the exit codes mean.

import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import StreamKit

struct ServerOption: ParsableArguments {
    static let usual = "http://127.0.0.1:8080"

    @Option(help: "Where the server is.")
    var server = Self.usual

    /// The server without a slash at its end.
    var url: String { server.hasSuffix("/") ? String(server.dropLast()) : server }

    func validate() throws {
        guard let url = URL(string: server), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            throw ValidationError("--server \(server): write it like http://127.0.0.1:8080.")
        }
    }
}

struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the agent, and watch the answer.", discussion: WatchEnd.help)

    @Argument(help: "What to ask.") var prompt: String
    @OptionGroup var options: ServerOption

    func run() async throws {
        let client = AgentClient(server: options.url)
        try await WatchEnd.reporting {
            let accepted: AgentClient.Accepted
            do {
                accepted = try await client.ask(prompt)
            } catch {
                try Task.checkCancellation()
                throw AgentClient.problem(error, options.url)
            }
            note("conversation \(accepted.conversation_id)")
            let viewer = Viewer(ServerSource(client: client), accepted.conversation_id, as: .answer)
            try await viewer.watch(isNew: true)
        }
    }
}

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a conversation; reconnects by itself, and goes on where it was.",
        discussion: "The answer goes to standard output, what the agent does to standard error. " + WatchEnd.help)

    @Argument(help: "The conversation_id that the run's answer named.") var conversation: String
    @Option(help: "Show only what comes after this event's id.") var cursor: String?
    @Flag(help: "Print every event as a line, with its time in seconds after the first and its id.") var timeline =
        false
    @Flag(help: "Print every event as a line of JSON.") var json = false
    @Option(help: ArgumentHelp("Read straight from this Redis, without a server.", valueName: "url"))
    var redis: String?
    @OptionGroup var options: ServerOption

    func validate() throws {
        guard !conversation.isEmpty else { throw ValidationError("The name of the conversation is empty.") }
        guard !timeline || !json else { throw ValidationError("Use --timeline or --json, not both.") }
        guard let redis else { return }
        guard options.server == ServerOption.usual else { throw ValidationError("Use --redis or --server, not both.") }
        do { _ = try RedisConfiguration(url: redis) } catch { throw ValidationError("--redis: \(error)") }
        guard cursor.map({ StreamID($0) != nil }) ?? true else {
            throw ValidationError("--cursor: use the id of an event, such as 1718000000000-0.")
        }
    }

    func run() async throws {
        let view: Screen.View = json ? .json : timeline ? .timeline : .answer
        try await WatchEnd.reporting {
            guard let redis else {
                let source = ServerSource(client: AgentClient(server: options.url))
                return try await Viewer(source, conversation, as: view).watch(from: cursor)
            }
            let configuration = try RedisConfiguration(url: redis)
            // A password must not stand on the screen.
            let arguments = ["--redis", configuration.credentials.password == nil ? redis : "URL"]
            try await withRedis(configuration) { connection in
                let source = RedisSource(runs: AgentRuns(redis: connection), arguments: arguments)
                try await Viewer(source, conversation, as: view).watch(from: cursor)
            }
        }
    }
}
