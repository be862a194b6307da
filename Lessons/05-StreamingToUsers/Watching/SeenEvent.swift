// An event and a conversation as a viewer sees them, whichever way they came: through the server or straight from Redis.
// Run:    ./lesson 5 watch <conversation> --json
// Expect: one line of JSON per event, the same lines both ways.

import AgentKit
import AgentRuns
import Foundation

/// One event of a run.
struct SeenEvent: Sendable {
    /// As `GET /api/agent/stream/{conversation_id}?view=timeline` shows it.
    let json: JSONValue
    let id: String
    let kind: RunEvent.Kind
    /// Which run of the conversation it belongs to.
    let run: Int
    let milliseconds: Int
    let text: String?
    let error: String?

    var details: JSONValue? { json["data"] }
    /// The event in one line for people; `nil` for text.
    var line: String? { kind.line(data: details?.text, error: error) }

    /// Reads what a server sent; `nil` if that is not an event.
    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let kind = json["type"]?.string else { return nil }
        self.json = json
        self.id = id
        self.kind = RunEvent.Kind(rawValue: kind)
        run = json["run"]?.integer ?? 1
        milliseconds = json["time"]?.integer ?? 0
        text = json["text"]?.string
        error = json["error"]?.string
    }

    init(_ event: RunEvent) {
        milliseconds = Int((event.timestamp.timeIntervalSince1970 * 1_000).rounded())
        var members: [String: JSONValue] = [
            "id": .string("\(event.id)"), "type": .string(event.kind.rawValue), "run": JSONValue(event.run),
            "time": JSONValue(milliseconds), "sequence": event.sequence.map { JSONValue($0) } ?? .null,
        ]
        members["text"] = event.text.map(JSONValue.string)
        members["error"] = event.error.map(JSONValue.string)
        // Details that are not JSON stay a text.
        members["data"] = event.data.map { event.details ?? .string($0) }
        json = .object(members)
        (id, kind, run) = ("\(event.id)", event.kind, event.run)
        (text, error) = (event.text, event.error)
    }
}

/// A conversation as it stands: one answer instead of every event from the beginning.
struct SeenConversation: Sendable {
    struct Turn: Sendable, Decodable {
        let prompt: String?
        let text: String
        let error: String?
        let status: RunStatus
    }

    let turns: [Turn]
    let events: [SeenEvent]
    /// What comes after this entry continues it exactly.
    let cursor: String
    let isTrimmed: Bool

    var status: RunStatus { turns.last?.status ?? .queued }

    init(_ snapshot: ConversationSnapshot) {
        turns = snapshot.turns.map { Turn(prompt: $0.prompt, text: $0.text, error: $0.error, status: $0.status) }
        events = snapshot.events.map { SeenEvent($0) }
        (cursor, isTrimmed) = ("\(snapshot.cursor)", snapshot.isTrimmed)
    }

    /// The events of the newest run.
    var newestEvents: [SeenEvent] {
        let newest = events.last?.run
        return events.filter { $0.run == newest }
    }

    /// The calls of tools that wait for a person's word.
    var openApprovals: [SeenEvent] {
        guard !status.isOver else { return [] }
        let decided = Set(newestEvents.filter { $0.kind == .approvalDecided }.compactMap(\.call))
        return newestEvents.filter { $0.kind == .approvalRequested && !decided.contains($0.call ?? "") }
    }
}

extension SeenConversation: Decodable {
    private enum CodingKeys: String, CodingKey {
        case turns, events, cursor, trimmed
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        turns = try container.decode([Turn].self, forKey: .turns)
        events = try container.decode([JSONValue].self, forKey: .events).compactMap { SeenEvent($0) }
        cursor = try container.decode(String.self, forKey: .cursor)
        isTrimmed = try container.decode(Bool.self, forKey: .trimmed)
    }
}

extension SeenEvent {
    /// Which call of the run a question or a decision is about.
    var call: String? { details?["call"]?.string }
}
