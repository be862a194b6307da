// A viewer for the terminal, which comes back by itself.
// Run:    ./lesson 5 watch <conversation>
// Expect: the answer as it is written, also when the server was stopped and started again meanwhile.

import ArgumentParser
import Foundation
import LessonKit
import ServerSentEvents

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
    static let configuration = CommandConfiguration(abstract: "Ask the agent, and watch the answer.")

    @Argument(help: "What to ask.") var prompt: String
    @OptionGroup var options: ServerOption

    func run() async throws {
        try await cancellingOnInterrupt {
            let accepted: AgentClient.Accepted
            do {
                accepted = try await AgentClient(server: options.url).ask(prompt)
            } catch {
                try Task.checkCancellation()
                throw AgentClient.problem(error, options.url)
            }
            note("conversation \(accepted.conversation_id)")
            try await Viewer(server: options.url, conversation: accepted.conversation_id).watch(from: nil)
        }
    }
}

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a conversation; reconnects by itself, and goes on where it was.")

    @Argument(help: "The conversation_id that the run's answer named.") var conversation: String
    @Option(help: "Show only what comes after this event's id.") var cursor: String?
    @OptionGroup var options: ServerOption

    func validate() throws {
        guard !conversation.isEmpty else { throw ValidationError("The name of the conversation is empty.") }
    }

    func run() async throws {
        try await cancellingOnInterrupt {
            try await Viewer(server: options.url, conversation: conversation).watch(from: cursor)
        }
    }
}
