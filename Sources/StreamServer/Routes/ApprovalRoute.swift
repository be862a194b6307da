import AgentRuns
import Foundation
import HTTPTypes
import Hummingbird
import StreamKit

/// `POST /api/runs/{id}/approvals/{call}`: what a person decided about a call of a tool.
///
/// The body is `{"decision": "approve" | "reject", "comment": "…"}`; the event `approval_requested` names run and call.
struct ApprovalRoute: Sendable {
    let backend: Backend

    /// How many bytes a comment may have, about.
    private static let maximumSize = 16_384

    var route: Route {
        Route(.post, "/api/runs/{id}/approvals/{call}", .decision) { request, parameters, context in
            let decision = try await Self.decision(about: parameters[1], in: request)
            return try await decide(decision, run: parameters[0], context.caller)
        }
    }

    private func decide(_ decision: ApprovalDecision, run: String, _ caller: Caller) async throws -> Response {
        do {
            try await promptly { try await backend.runs.decide(decision, run: run, owner: caller.owner) }
        } catch let error as RunLogError {
            guard case .finished = error else { throw error }
            throw Problem(status: .conflict, code: "not_running", message: error.description)
        }
        return .json(Decided(status: decision.decision, run: run, call: decision.call), status: .accepted, headers: [:])
    }

    private static func decision(about call: String, in request: Request) async throws -> ApprovalDecision {
        struct Body: Decodable {
            let decision: String
            let comment: String?
        }
        let verdicts: [String: ApprovalDecision.Verdict] = ["approve": .approved, "reject": .rejected]
        let bytes = try? await request.body.collect(upTo: maximumSize)
        guard let body = bytes.flatMap({ try? JSONDecoder().decode(Body.self, from: Data($0.readableBytesView)) }),
            let verdict = verdicts[body.decision]
        else {
            throw Problem.badRequest(
                "malformed_decision",
                "The body is not a decision. Send {\"decision\": \"approve\"} or {\"decision\": \"reject\"}, and a "
                    + "\"comment\" of at most 16 KB if you like.")
        }
        let comment = body.comment.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        return ApprovalDecision(call: call, verdict, comment: comment)
    }

    private struct Decided: Encodable {
        let status: ApprovalDecision.Verdict
        let run: String
        let call: String
    }
}
