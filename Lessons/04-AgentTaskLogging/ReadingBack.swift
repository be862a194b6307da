// Reading a run back: replay tells its story with times, trace shows where the time went.
// Run:    ./lesson 4 replay <conversation>, ./lesson 4 trace <conversation>
// Expect: one line per event, or as JSON; a waterfall of waits, attempts, turns and tools.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import StreamKit

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a run from its log alone.")

    @OptionGroup var options: LessonOptions
    @Flag(help: "Print each event as one line of JSON.") var json = false
    @Flag(help: "Print when each event happened, in seconds after the first.") var times = false
    @Flag(help: "Go on with what happens from now on, to the end of the run.") var follow = false
    @Argument(help: "The ID of the conversation.") var id: String

    func validate() throws { try requireSharedServer(options) }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            let log = RunLog(redis: redis, conversationID: id)
            let history = try await narrator.untraced { try await existingHistory(of: log) }
            if follow {
                try await narrator.untraced { try await show(log.events(after: .beginning), narrator) }
            } else if json || times {
                for event in history.valid { show(event, since: history.first?.timestamp, narrator) }
            } else {
                replay(history, narrator)
            }
        }
    }

    private func show(_ events: RunEvents, _ narrator: Narrator) async throws {
        var printer = RunPrinter(narrator)
        var start: Date?
        for try await event in events {
            start = start ?? event.timestamp
            if json || times { show(event, since: start, narrator) } else { printer.show(event) }
        }
        printer.end()
    }

    private func show(_ event: RunEvent, since start: Date?, _ narrator: Narrator) {
        if json { return StandardOutput.print(event.json.text) }
        let seconds = String(format: "%8.3f s", event.timestamp.timeIntervalSince(start ?? event.timestamp))
        narrator.show("\(seconds)  \(event.line ?? "│ \(JSONValue.string(event.text ?? "").text)")")
    }
}

struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw where the time of each run of a conversation went, from its log alone.")

    @OptionGroup var options: LessonOptions
    @Argument(help: "The ID of the conversation.") var id: String

    func validate() throws { try requireSharedServer(options) }

    func run() async throws {
        try await withLesson(options) { redis, narrator in
            let history = try await narrator.untraced {
                try await existingHistory(of: RunLog(redis: redis, conversationID: id))
            }
            for run in Set(history.map(\.run)).sorted() {
                StandardOutput.print("Run \(run):")
                let lines = RunTimeline(of: history, run: run).lines(width: narrator.width - 1)
                for line in lines { StandardOutput.print(line) }
            }
        }
    }
}

private func existingHistory(of log: RunLog) async throws -> [RunEvent] {
    let history = try await log.history()
    guard !history.isEmpty else {
        // Whatever was typed, it fits into a line.
        let name = log.conversationID.prefix(60).split(whereSeparator: \.isNewline).joined(separator: " ")
        throw LessonProblem(
            "There is no log of conversation '\(name)': it expired or never existed. Start a new run, or check the ID "
                + "and the server.")
    }
    return history
}

extension RunEvent {
    /// The event as one JSON object.
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string("\(id)"), "event": .string(kind.rawValue), "run": JSONValue(run),
            "timestamp": JSONValue(Int((timestamp.timeIntervalSince1970 * 1_000).rounded())),
        ]
        members["text"] = text.map(JSONValue.string)
        members["error"] = error.map(JSONValue.string)
        // Details that are not JSON stay a text.
        members["data"] = data.map { details ?? .string($0) }
        return .object(members)
    }
}
