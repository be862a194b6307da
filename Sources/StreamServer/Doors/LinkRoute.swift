import AgentRuns
import Hummingbird

/// `POST /api/runs/{conversation_id}/link`: addresses by which somebody without a token can watch a conversation.
struct LinkRoute: Sendable {
    let backend: Backend
    let links: ViewerLinks

    var route: Route {
        Route(.post, "/api/runs/{conversation_id}/link", .link) { _, parameters, context in
            try await link(to: parameters[0], context.caller)
        }
    }

    private func link(to conversation: String, _ caller: Caller) async throws -> Response {
        let log = try await promptly { try await backend.existingLog(of: conversation, by: caller) }
        let (query, expires) = links.query(for: log.conversationID)
        return .json(
            Link(
                stream: "/api/agent/stream/\(log.conversationID)?\(query)",
                snapshot: "/api/runs/\(log.conversationID)?\(query)", expires: expires))
    }

    private struct Link: Encodable {
        let stream: String
        let snapshot: String
        /// In seconds since 1970.
        let expires: Int
    }
}
