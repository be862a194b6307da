import AgentRuns
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import StreamKit

/// What a client did wrong, or what went wrong for it, as an answer that says what to do next.
///
/// The answer is a problem document. Source: <https://www.rfc-editor.org/rfc/rfc9457>
struct Problem: Error {
    let status: HTTPResponse.Status
    /// A word for programs, for example `unknown_agent`.
    let code: String
    /// A sentence or two for people.
    let message: String
    var headers: HTTPFields = [:]
    /// Further members of the document: the names of a run, or the way on.
    var members: [String: String] = [:]
    /// What the log says and the client is not told.
    var cause: String?

    /// Writes what the operator should know: why an answer was a 5xx.
    func log(_ error: any Error, of request: Request, to logger: Logger) {
        guard status.kind == .serverError else { return }
        logger.log(
            level: status == .internalServerError ? .error : .warning,
            "\(request.method) \(request.uri.path) was answered \(status.code)",
            metadata: ["code": "\(code)", "error": "\(cause ?? "\(error)")"])
    }
}

extension Problem {
    static func badRequest(_ code: String, _ message: String) -> Problem {
        Problem(status: .badRequest, code: code, message: message)
    }

    static func notFound(_ code: String, _ message: String) -> Problem {
        Problem(status: .notFound, code: code, message: message)
    }

    /// The answer to any error.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StreamKitError: self.init(error)
        case let error as RunLogError: self.init(error)
        case is RequestBodyTimeout:
            self.init(
                status: .requestTimeout, code: "request_timeout",
                message: "The body of the request took too long. Send it again, in one go.")
        case is CancellationError: self = .shuttingDown
        default:
            self.init(
                status: .internalServerError, code: "internal", message: "The server failed. Its log says how.")
        }
    }

    private init(_ error: StreamKitError) {
        switch error {
        case .server(let reply) where reply.prefix == "WRONGTYPE":
            self.init(
                status: .conflict, code: "wrong_type",
                message: "The key of this conversation holds something that is not a stream. "
                    + "Use another conversation, or remove that key from Redis.")
        case .server(let reply) where reply.prefix == "OOM":
            self.init(
                status: .serviceUnavailable, code: "redis_full",
                message: "Redis has no memory left. Try again later.",
                headers: [.retryAfter: "30"])
        case .server(let reply) where reply.isTransient:
            self = .redisUnavailable
        case .server, .invalidInput, .unexpectedReply:
            self.init(
                status: .internalServerError, code: "redis_refused",
                message: "Redis refused a command. The server's log says which.")
        case .cannotConnect, .connectionLost, .timedOut, .closed:
            self = .redisUnavailable
        }
    }

    static let redisUnavailable = Problem(
        status: .serviceUnavailable, code: "redis_unavailable",
        message: "The server cannot reach Redis. Try again in a few seconds.",
        headers: [.retryAfter: "2"])

    static let tooManyConnections = Problem(
        status: .serviceUnavailable, code: "too_many_connections",
        message: "The server has as many connections as it can serve. Try again in a few seconds.",
        headers: [.retryAfter: "5"])

    static let tooManyOfAddress = Problem(
        status: .tooManyRequests, code: "too_many_connections_of_address",
        message: "Your address has as many connections as one may have. Close some, and try again.",
        headers: [.retryAfter: "5"])

    private init(_ error: RunLogError) {
        switch error {
        case .trimmed(let conversation):
            self.init(
                status: .gone, code: "trimmed", message: "\(error)",
                members: ["snapshot": "/api/runs/\(conversation)"])
        case .expired:
            self.init(status: .notFound, code: "unknown_conversation", message: "\(error)")
        case .beyondEnd:
            self.init(status: .badRequest, code: "cursor_beyond_end", message: "\(error)")
        case .busy:
            self.init(status: .conflict, code: "busy", message: "\(error)")
        case .tooManyWaiting:
            self.init(
                status: .tooManyRequests, code: "too_many_waiting", message: "\(error)",
                headers: [.retryAfter: "10"])
        case .unknownCall:
            self = .notFound("unknown_approval", "\(error)")
        case .decided:
            self.init(status: .conflict, code: "already_decided", message: "\(error)")
        case .staleAttempt, .finished, .outOfOrder, .full, .damaged:
            self.init(status: .conflict, code: "conflict", message: "\(error)")
        }
    }
}
