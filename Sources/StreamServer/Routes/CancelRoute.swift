import AgentRuns
import HTTPTypes
import Hummingbird
import StreamKit

/// `POST /api/runs/{conversation_id}/cancel`: calls off what is being written.
///
/// `POST /api/agent/stream/{conversation_id}/cancel` does the same.
/// Leaving a stream does not do that; a user who closes the browser wants the answer all the same.
struct CancelRoute: Sendable {
    let backend: Backend

    var routes: [Route] {
        ["/api/runs/{conversation_id}/cancel", "/api/agent/stream/{conversation_id}/cancel"].map { path in
            Route(.post, path, .cancel) { _, parameters, context in try await cancel(parameters[0], context.caller) }
        }
    }

    private func cancel(_ conversation: String, _ caller: Caller) async throws -> Response {
        let cancelled = try await promptly {
            _ = try await backend.existingLog(of: conversation, by: caller)
            return try await backend.runs.cancel(conversation)
        }
        guard !cancelled.isEmpty else {
            throw Problem(
                status: .conflict, code: "not_running",
                message: "Nothing in conversation '\(conversation)' is being written any more, so there is nothing to "
                    + "cancel.")
        }
        return .json(
            Cancelled(conversation_id: conversation, correlation_ids: cancelled), status: .accepted,
            headers: [.location: "/api/agent/stream/\(conversation)"])
    }

    private struct Cancelled: Encodable {
        let status = "cancelled"
        let conversation_id: String
        let correlation_ids: [String]
    }
}
