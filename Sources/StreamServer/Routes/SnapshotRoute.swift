import AgentRuns
import Foundation
import Hummingbird
import StreamKit

/// `GET /api/runs/{conversation_id}`: a conversation as it stands, and the cursor to follow it from.
///
/// A late viewer of a long run gets one answer instead of every event.
struct SnapshotRoute: Sendable {
    let backend: Backend

    var route: Route {
        Route(.get, "/api/runs/{conversation_id}", .snapshot, door: .tokenOrLink) { request, parameters, context in
            try await snapshot(request, of: parameters[0], context.caller)
        }
    }

    private func snapshot(_ request: Request, of conversation: String, _ caller: Caller) async throws -> Response {
        let isolation = try StreamFormat.serverSentEvents(everything: false).isolation(of: request)
        let snapshot = try await promptly {
            try await backend.existingLog(of: conversation, by: caller).snapshot()
        }
        let shown = isolation == .committed ? snapshot.committed() : snapshot
        return .json(bytes: EventJSON.bytes(of: shown.json(of: conversation)))
    }
}

extension ConversationSnapshot {
    fileprivate func json(of conversation: String) -> [String: Any] {
        let newest = turns.last
        let text = newest?.text ?? ""
        return [
            "conversation_id": conversation, "correlation_id": orNull(newest?.correlationID),
            "agent": orNull(newest?.agent), "status": (newest?.status ?? .queued).rawValue, "cursor": "\(cursor)",
            "text": text, "trimmed": isTrimmed, "turns": turns.map(\.json),
            // As JavaScript counts.
            "committed_length": String(decoding: text.utf8.prefix(committedBytes), as: UTF8.self).utf16.count,
            "events": events.map(EventJSON.object(of:)),
        ]
    }
}

extension ConversationTurn {
    fileprivate var json: [String: Any] {
        [
            "correlation_id": orNull(correlationID), "agent": orNull(agent), "prompt": orNull(prompt),
            "status": status.rawValue, "text": text, "error": orNull(error),
            "started_at": orNull(startedAt.map(EventJSON.milliseconds)),
            "first_text_at": orNull(firstTextAt.map(EventJSON.milliseconds)),
            "ended_at": orNull(endedAt.map(EventJSON.milliseconds)),
        ]
    }
}

private func orNull(_ value: (some Any)?) -> Any { value.map { $0 as Any } ?? NSNull() }
