import AgentRuns
import HTTPTypes
import Hummingbird
import StreamKit

/// `POST /api/agents/{agent}/run`: takes a message in, and says where its answer will appear, or what it is.
///
/// A conversation that is still being answered is refused with 409; with `?when_busy=queue` the message waits in line.
struct RunRoute: Sendable {
    let backend: Backend

    var route: Route {
        Route(.post, "/api/agents/{agent}/run", .run) { request, parameters, context in
            try await run(request, for: parameters[0], context)
        }
    }

    private func run(_ request: Request, for agent: String, _ context: APIContext) async throws -> Response {
        try backend.drain.check()
        let configuration = backend.configuration
        guard configuration.agents.contains(agent) else {
            let known = configuration.agents.sorted().joined(separator: ", ")
            throw Problem.notFound("unknown_agent", "There is no agent '\(agent)'. Ask one of these: \(known).")
        }
        let key = try RequestKey(of: request)
        let standsInLine = try Self.standsInLine(request)
        let message = try await RunMessage(reading: request, limit: configuration.maximumMessageSize)
        let mode = try ResponseMode(of: request, message)
        // The body may have taken a while.
        try backend.drain.check()
        let claim = try await submit(
            try await claim(message, for: agent, context.caller), as: key, inLine: standsInLine, context)
        switch mode {
        case .accepted: return accepted(claim)
        case .whole(let isPlain): return try await RunResponse(backend: backend).response(to: claim, isPlain: isPlain)
        case .stream:
            let cursor = Cursor(id: claim.cursor.flatMap(StreamID.init))
            return try await StreamRoute(backend: backend).stream(
                request, of: claim.request.conversationID, after: cursor, context)
        }
    }

    private func claim(_ message: RunMessage, for agent: String, _ caller: Caller) async throws -> RunClaim {
        let conversation = message.conversation ?? ConversationID()
        let run = RunRequest(
            conversationID: conversation.text, correlationID: RandomID().uuid, agent: agent, message: message.text,
            owner: caller.owner)
        // A continued conversation is watched from here on; its earlier answers are not said again.
        let isContinued = message.conversation != nil
        let before = try await promptly {
            isContinued ? try await backend.runs.log(of: conversation.text).stream.lastID() : nil
        }
        return RunClaim(request: run, isContinued: isContinued, cursor: before.map { "\($0)" })
    }

    private func submit(
        _ claim: RunClaim, as key: RequestKey?, inLine: Bool, _ context: APIContext
    ) async throws -> RunClaim {
        let owner = context.caller.owner
        let caller = owner ?? context.remoteAddress
        guard let key else {
            try await promptly {
                try await backend.runs.submit(claim.request, onlyIfIdle: !inLine, inLine: inLine, caller: caller)
            }
            return claim
        }
        // What others call their requests is theirs.
        let name = owner.map { "\($0)/\(key.text)" } ?? key.text
        let kept = try await promptly {
            try await backend.runs.submit(claim, once: name, inLine: inLine, caller: caller)
        }
        guard kept.asksTheSame(as: claim) else {
            throw Problem(
                status: .unprocessableContent, code: "idempotency_key_used",
                message: "This Idempotency-Key stands for another request. Send a key of its own with each new request."
            )
        }
        return kept
    }

    /// What `?when_busy=` asks for: to be refused, which is the default, or to wait for the end of what is open.
    private static func standsInLine(_ request: Request) throws -> Bool {
        switch request.uri.queryParameters["when_busy"] {
        case nil, "refuse": false
        case "queue": true
        default:
            throw Problem.badRequest(
                "malformed_when_busy",
                "when_busy is 'refuse' (409 while the conversation is being answered) or 'queue' (wait for its end).")
        }
    }

    private func accepted(_ claim: RunClaim) -> Response {
        let run = claim.request
        var location = "/api/agent/stream/\(run.conversationID)"
        if let cursor = claim.cursor { location += "?cursor=\(cursor)" }
        return .json(
            Accepted(conversation_id: run.conversationID, correlation_id: run.correlationID),
            status: .accepted, headers: [.location: location, .conversationID: run.conversationID])
    }

    private struct Accepted: Encodable {
        let status = "accepted"
        let conversation_id: String
        let correlation_id: String
    }
}
