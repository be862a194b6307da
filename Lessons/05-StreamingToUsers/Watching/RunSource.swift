// Where a viewer reads a conversation: from the server, or straight from Redis.
// Run:    ./lesson 5 watch <conversation> --redis redis://localhost:6390
// Expect: the same answer, without any server between Redis and the terminal.

import AgentKit
import AgentRuns
import Foundation
import LessonKit
import ServerSentEvents
import StreamKit

/// What a viewer needs of a conversation.
protocol RunSource: Sendable {
    /// For messages: a server's URL, or Redis.
    var name: String { get }
    /// The options that name this source on a command line.
    var arguments: [String] { get }
    /// The conversation as it stands.
    func snapshot(of conversation: String) async throws -> SeenConversation
    /// Hands over event after event. `place` moves along, so that the next call goes on where this one ended.
    func follow(
        _ conversation: String, from place: inout Place, _ handle: (SeenEvent) async throws -> Void
    ) async throws -> StreamEnd
    /// Tells the run what a person decided.
    func decide(_ verdict: ApprovalDecision.Verdict, call: String, run: String) async throws
    /// How somebody else can decide, for people who do not sit at this terminal.
    func waysToDecide(call: String, run: String) -> String
}

/// How the reading of a stream ended.
enum StreamEnd {
    /// The newest run is over; the server's words, where it has some.
    case over(String?)
    /// It broke off.
    case cut
}

/// Entries after the viewer's cursor were trimmed: what can be read next does not join on.
struct MissedEvents: Error {}

// MARK: Through the server

struct ServerSource: RunSource {
    let client: AgentClient

    var name: String { client.server }
    var arguments: [String] { client.server == ServerOption.usual ? [] : ["--server", client.server] }

    func snapshot(of conversation: String) async throws -> SeenConversation {
        let body = try await client.body(of: "/api/runs/\(AgentClient.segment(conversation))")
        guard let seen = try? JSONDecoder().decode(SeenConversation.self, from: body) else {
            throw Refusal.stranger(name, "its answer is not a conversation")
        }
        return seen
    }

    func follow(
        _ conversation: String, from place: inout Place, _ handle: (SeenEvent) async throws -> Void
    ) async throws -> StreamEnd {
        var end = StreamEnd.cut
        do {
            try await client.events(at: client.address(of: conversation) + "?view=timeline", from: &place) { event in
                switch event.event {
                case "timeline": try await handle(seen(event))
                case "gap": throw MissedEvents()
                case "done": end = .over(nil)
                case "error": end = .over(event.data)
                case nil, "message": throw Refusal.stranger(name, "it sent text where events were asked for")
                default: break  // an event of some later version
                }
                if case .over = end { return false } else { return true }
            }
        } catch let refusal as Refusal where refusal.status == 410 {
            throw MissedEvents()
        }
        return end
    }

    private func seen(_ event: ServerSentEvent) throws -> SeenEvent {
        guard let json = try? JSONValue(parsing: event.data), let seen = SeenEvent(json) else {
            throw Refusal.stranger(name, "it sent an event that is none of a run")
        }
        return seen
    }

    func decide(_ verdict: ApprovalDecision.Verdict, call: String, run: String) async throws {
        try await client.decide(verdict == .approved ? "approve" : "reject", call: call, run: run)
    }

    func waysToDecide(call: String, run: String) -> String {
        let body = #"{"decision":"approve"}"#
        return "to decide: curl -H 'Content-Type: application/json' -d '\(body)' "
            + "\(name)/api/runs/\(AgentClient.segment(run))/approvals/\(AgentClient.segment(call))"
    }
}

// MARK: Straight from Redis

struct RedisSource: RunSource {
    let runs: AgentRuns
    let arguments: [String]

    var name: String { "Redis" }

    func snapshot(of conversation: String) async throws -> SeenConversation {
        let log = runs.log(of: conversation)
        // Before the log is read: it says what is wrong with a key that holds something else.
        try await log.check(nil)
        return SeenConversation(try await log.snapshot())
    }

    func follow(
        _ conversation: String, from place: inout Place, _ handle: (SeenEvent) async throws -> Void
    ) async throws -> StreamEnd {
        let log = runs.log(of: conversation)
        let cursor = place.cursor.flatMap { StreamID($0) }
        do {
            try await log.check(cursor)
            place.hasConnected = true
            for try await event in log.events(after: cursor.map { .after($0) } ?? .beginning) {
                try await handle(SeenEvent(event))
                place.cursor = "\(event.id)"
            }
        } catch RunLogError.trimmed {
            throw MissedEvents()
        }
        return .over(nil)
    }

    func decide(_ verdict: ApprovalDecision.Verdict, call: String, run: String) async throws {
        try await runs.decide(ApprovalDecision(call: call, verdict), run: run)
    }

    func waysToDecide(call: String, run: String) -> String {
        "to decide: watch it in a terminal, or on the page of a server"
    }
}
