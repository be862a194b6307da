import HTTPTypes
import Hummingbird

/// Finds out who a request comes from.
struct Doors: Sendable {
    /// The tokens; `nil` for a server that is open to everybody.
    let tokens: AccessTokens?
    let links: ViewerLinks

    /// Who asks.
    ///
    /// - Throws: a 401 for a caller who needs a token or a link and does not have it.
    func caller(of request: Request, at door: Door, conversation: String?) throws -> Caller {
        guard let tokens, door != .open else { return .anybody }
        let isSigned = request.uri.queryParameters["signature"] != nil
        if door == .tokenOrLink, isSigned, request.headers[.authorization] == nil, let conversation {
            guard links.admit(request, to: conversation) else { throw Problem.invalidLink }
            return .viewer(of: conversation)
        }
        guard let authorization = request.headers[.authorization] else {
            throw Problem.unauthorized("Bearer realm=\"StreamServer\"")
        }
        let parts = authorization.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer", let name = tokens.holder(of: String(parts[1])) else {
            throw Problem.unauthorized("Bearer realm=\"StreamServer\", error=\"invalid_token\"")
        }
        return .holder(name)
    }
}

extension Problem {
    fileprivate static func unauthorized(_ challenge: String) -> Problem {
        Problem(
            status: .unauthorized, code: "unauthorized",
            message: "This server asks for a token. Send one that it knows, as 'Authorization: Bearer TOKEN'.",
            headers: [.wwwAuthenticate: challenge])
    }

    fileprivate static let invalidLink = Problem(
        status: .unauthorized, code: "invalid_link",
        message: "This link has expired, or is not one of this server. The person who started the conversation gets a "
            + "new one with POST /api/runs/{conversation_id}/link.",
        headers: [.wwwAuthenticate: "Bearer realm=\"StreamServer\""])
}
