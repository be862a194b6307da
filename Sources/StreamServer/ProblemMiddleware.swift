import Hummingbird
import Logging
import NIOCore

/// Turns every error into JSON of one shape, also the router's own "not found".
struct ProblemMiddleware: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return try problem.response(from: request, context: context)
        } catch let error as HTTPError {
            return try Self.problem(for: error, at: request).response(from: request, context: context)
        } catch {
            guard let problem = Problem(error) else { throw error }
            context.logger.error("\(request.method) \(request.uri.path) failed", metadata: ["error": "\(error)"])
            return try problem.response(from: request, context: context)
        }
    }

    private static func problem(for error: HTTPError, at request: Request) -> Problem {
        if error.status == .notFound, let methods = AllowedMethods.at(request.uri.path) {
            return Problem(
                status: .methodNotAllowed, code: "method_not_allowed",
                message: "\(request.uri.path) does not answer \(request.method). Use \(methods).",
                headers: [.allow: methods])
        }
        guard error.status == .notFound else {
            return Problem(
                status: error.status, code: "http_\(error.status.code)", message: error.body ?? error.description,
                headers: error.headers)
        }
        return .notFound(
            "unknown_path",
            "Nothing answers \(request.method) \(request.uri.path). Open / for the page; the API has "
                + "GET /api/health, POST /api/agents/{agent}/run, GET /api/agent/stream/{conversation_id} and "
                + "POST /api/agent/stream/{conversation_id}/cancel.")
    }
}
