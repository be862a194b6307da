import AgentRuns
import HTTPTypes
import Hummingbird
import StreamKit

/// `POST /api/agents/{agent}/run`: takes a message in, and says where its answer will appear.
struct RunRoute: Sendable {
    let backend: Backend

    var route: Route {
        Route(.post, "/api/agents/{agent}/run") { request, parameters, context in
            try await accept(request, for: parameters[0], from: context.remoteAddress)
        }
    }

    private func accept(_ request: Request, for agent: String, from caller: String) async throws -> Response {
        let configuration = backend.configuration
        guard configuration.agents.contains(agent) else {
            let known = configuration.agents.sorted().joined(separator: ", ")
            throw Problem.notFound("unknown_agent", "There is no agent '\(agent)'. Ask one of these: \(known).")
        }
        let message = try await RunMessage(reading: request, limit: configuration.maximumMessageSize)
        let conversation = message.conversation ?? ConversationID()
        let run = RunRequest(
            conversationID: conversation.text, correlationID: RandomID().uuid, agent: agent,
            message: message.text)
        // A continued conversation is watched from here on; its earlier answers are not said again.
        let isContinued = message.conversation != nil
        let before = try await promptly {
            isContinued ? try await backend.runs.lastEventID(of: conversation.text) : nil
        }
        try await promptly { try await backend.runs.submit(run, onlyIfIdle: true, caller: caller) }
        return accepted(run, after: before)
    }

    private func accepted(_ run: RunRequest, after cursor: StreamID?) -> Response {
        var location = "/api/agent/stream/\(run.conversationID)"
        if let cursor { location += "?cursor=\(cursor)" }
        return .json(
            Accepted(conversation_id: run.conversationID, correlation_id: run.correlationID),
            status: .accepted, headers: [.location: location])
    }

    private struct Accepted: Encodable {
        let status = "accepted"
        let conversation_id: String
        let correlation_id: String
    }
}
