import AgentRuns
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import StreamKit

/// Waits for a run to end, and answers with what it said.
struct RunResponse: Sendable {
    let backend: Backend

    /// The whole answer; 504 if it takes longer than ``StreamServerConfiguration/responseTime``.
    func response(to claim: RunClaim, isPlain: Bool) async throws -> Response {
        let run = claim.request
        try await waitForEnd(of: claim)
        let snapshot = try await promptly { try await backend.runs.log(of: run.conversationID).snapshot() }
        let turn = snapshot.turns.last { $0.correlationID == run.correlationID }
        guard let turn, turn.status.isOver else { throw problem(.tooLate(backend.configuration.responseTime), claim) }
        guard turn.status == .completed else {
            let message = turn.error ?? "The run failed."
            throw problem(turn.status == .cancelled ? .cancelled(message) : .failed(message), claim)
        }
        let headers: HTTPFields = [.conversationID: run.conversationID]
        guard isPlain else {
            let body = [
                "status": turn.status.rawValue, "response": turn.text, "conversation_id": run.conversationID,
                "correlation_id": run.correlationID,
            ]
            return .json(body, headers: headers)
        }
        var fields = headers
        fields[.contentType] = "text/plain; charset=utf-8"
        fields[.cacheControl] = "no-store"
        fields[.xContentTypeOptions] = "nosniff"
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: turn.text)))
    }

    /// Returns after the end, or when time is up or the server stops.
    private func waitForEnd(of claim: RunClaim) async throws {
        let position: StreamPosition = claim.cursor.flatMap(StreamID.init).map { .after($0) } ?? .beginning
        let events = backend.runs.log(of: claim.request.conversationID).events(after: position)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await event in events.cancelOnGracefulShutdown() where event.isLast { return }
            }
            group.addTask { [limit = backend.configuration.responseTime] in try await Task.sleep(for: limit) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private enum Failure {
        case tooLate(Duration)
        case failed(String)
        case cancelled(String)
    }

    private func problem(_ failure: Failure, _ claim: RunClaim) -> Problem {
        var problem =
            switch failure {
            case .tooLate(let limit):
                Problem(
                    status: .gatewayTimeout, code: "still_running",
                    message:
                        "The answer takes longer than \(limit.components.seconds) seconds. It is still being worked "
                        + "on: follow it in 'stream'.")
            case .failed(let message): Problem(status: .badGateway, code: "run_failed", message: message)
            case .cancelled(let message): Problem(status: .conflict, code: "run_cancelled", message: message)
            }
        let run = claim.request
        problem.headers[.conversationID] = run.conversationID
        problem.members = [
            "conversation_id": run.conversationID, "correlation_id": run.correlationID,
            "snapshot": "/api/runs/\(run.conversationID)",
            "stream": "/api/agent/stream/\(run.conversationID)" + (claim.cursor.map { "?cursor=\($0)" } ?? ""),
        ]
        return problem
    }
}
