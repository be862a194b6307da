// A viewer for the terminal, which comes back by itself.
// Run:    swift run streaming-to-users watch <conversation>
// Expect: the answer as it is written. Stop the server meanwhile and start it again: nothing is lost.

import ArgumentParser
import Foundation
import LessonKit
import ServerSentEvents

struct ServerOption: ParsableArguments {
    @Option(help: "Where the server is.")
    var server = "http://127.0.0.1:8080"

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
            let accepted = try await explaining(options.server) {
                try await AgentClient(server: options.server).ask(prompt)
            }
            say("conversation \(accepted.conversation_id)\n")
            try await Viewer(server: options.server, conversation: accepted.conversation_id).watch(from: nil)
        }
    }
}

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch a conversation; reconnects by itself, and goes on where it was.")

    @Argument(help: "The conversation_id that the run's answer named.") var conversation: String
    @Option(help: "Show only what comes after this event's id.") var cursor: String?
    @OptionGroup var options: ServerOption

    func run() async throws {
        try await cancellingOnInterrupt {
            try await Viewer(server: options.server, conversation: conversation).watch(from: cursor)
        }
    }
}

struct Viewer {
    let server: String
    let conversation: String

    // snippet: reconnect
    /// Prints the answer to its end, over as many connections as that takes.
    func watch(from start: String?) async throws {
        var cursor = start
        var failures = 0
        while true {
            do {
                var isOver = false
                let path = "/api/agent/stream/\(conversation)"
                try await AgentClient(server: server).events(at: path, after: cursor) { event in
                    cursor = event.id ?? cursor
                    failures = 0
                    isOver = try show(event)
                    return !isOver
                }
                if isOver { return }
            } catch let refusal as Refusal where refusal.status < 500 {
                throw ValidationError(refusal.description)  // another try would end the same way
            } catch let exit as ExitCode {
                throw exit
            } catch {
                if Task.isCancelled { break }  // Ctrl-C
                say("\n[\(error): trying again after \(cursor ?? "the beginning")]\n")
            }
            failures += 1
            guard (try? await Task.sleep(for: .seconds(min(failures, 5)))) != nil else { break }
        }
        say("\n[left; go on with: watch \(conversation)\(cursor.map { " --cursor \($0)" } ?? "")]\n")
    }
    // end snippet

    /// Returns whether this was the last event.
    private func show(_ event: ServerSentEvent) throws -> Bool {
        switch event.event {
        case "done":
            print()
            return true
        case "error":
            say("\n[error] \(event.data)\n")
            throw ExitCode.failure
        case "attempt":
            say("\n[a worker was lost; another one goes on]\n")
        default:
            print(event.data, terminator: "")
            fflush(nil)
        }
        return false
    }
}

/// What is no part of the answer goes to standard error, so that the answer can be piped.
private func say(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
}

private func explaining<R>(_ server: String, _ body: () async throws -> R) async throws -> R {
    do {
        return try await body()
    } catch let refusal as Refusal {
        throw ValidationError(refusal.description)
    } catch {
        throw ValidationError(
            "Nothing answers at \(server) (\(error)). Start it with: swift run streaming-to-users serve")
    }
}
