// Watching one conversation to its end, over as many connections as that takes.
// Run:    ./lesson 5 watch <conversation>
// Expect: the answer on standard output; what is not part of it on standard error, so that the answer can be piped.

import AgentKit
import AgentRuns
import ArgumentParser
import Foundation
import LessonKit
import NIOHTTP1
import ServerSentEvents

struct Viewer {
    let server: String
    let conversation: String
    /// After this many failures in a row the server is not coming back.
    private static let maximumFailures = 100

    // snippet: reconnect
    /// Prints the answer to its end, over as many connections as that takes.
    func watch(from place: inout Place) async throws {
        let client = AgentClient(server: server)
        var (failures, newest) = (0, place.cursor)
        while failures < Self.maximumFailures {
            do {
                var isOver = false
                let address = client.address(of: conversation, everything: true)
                try await client.events(at: address, from: &place) { event in
                    // A server that begins again and again with the same event makes no progress.
                    if event.id != newest { (failures, newest) = (0, event.id) }
                    isOver = try await show(event)
                    return !isOver
                }
                if isOver { return }
            } catch {
                let reason = try Self.reasonToTryAgain(error, place, server)
                note("\n[\(reason): trying again after \(place.cursor ?? "the beginning")]")
            }
            failures += 1
            // What the server asked for in its field `retry`, and longer while it stays away.
            try await Task.sleep(for: min(place.pause * min(failures, 5), max(place.pause, .seconds(30))))
        }
        throw LessonProblem("\(server) did not come back. To go on: \(command(after: place.cursor))")
    }
    // end snippet

    func watch(from cursor: String?) async throws {
        var place = Place(cursor: cursor)
        do {
            try await watch(from: &place)
        } catch {
            if Task.isCancelled { note("\n[left; to go on: \(command(after: place.cursor))]") }
            throw error
        }
    }

    /// The command that goes on where this one was.
    private func command(after cursor: String?) -> String {
        let place = cursor.map { ["--cursor", $0] } ?? []
        let named = server == ServerOption.usual ? [] : ["--server", server]
        return LessonCommand.typing(5, ["watch", conversation] + place + named)
    }

    /// Why another connection may go on with a stream that broke off.
    ///
    /// - Throws: The error itself, or a `LessonProblem` in words, where another try would end the same way.
    private static func reasonToTryAgain(_ error: any Error, _ place: Place, _ server: String) throws -> String {
        try Task.checkCancellation()
        switch error {
        case let problem as LessonProblem: throw problem
        case let refusal as Refusal where !refusal.mayPass: throw LessonProblem(refusal.description)
        // The next connection would bring the same event again.
        case is EventStreamError: throw LessonProblem("One event of \(server) is too large to be shown.")
        case _ where !place.hasConnected: throw AgentClient.problem(error, server)
        default: return "\(error)"
        }
    }

    /// Returns whether this was the last event.
    private func show(_ event: ServerSentEvent) async throws -> Bool {
        switch event.event {
        case "done":
            StandardOutput.write("\n")
            return true
        case "error":
            throw LessonProblem("The run failed: \(event.data)")
        case nil, "message":
            StandardOutput.write(printable(event.data))
        case let name?:
            if let line = RunEvent.Kind(rawValue: name).line(data: event.data) { note("[\(line)]") }
            if name == RunEvent.Kind.approvalRequested.rawValue { await askForApproval(event.data) }
        }
        return false
    }
}

extension AgentClient {
    /// What kept a server from answering, in words.
    static func problem(_ error: any Error, _ server: String) -> LessonProblem {
        if let refusal = error as? Refusal { return LessonProblem(refusal.description) }
        if error is HTTPParserError {
            return LessonProblem(Refusal.stranger(server, "it does not speak HTTP").description)
        }
        return LessonProblem(
            "Nothing answers at \(server) (\(error)). To start the server: \(LessonCommand.typing(5, "serve"))")
    }
}

/// Prints what is not part of the answer, on standard error.
func note(_ text: String) {
    // A standard error that cannot be written is no reason to stop.
    try? FileHandle.standardError.write(contentsOf: Data((printable(text) + "\n").utf8))
}
