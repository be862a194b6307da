import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Everything that the server answers, as one table.
///
/// Which paths there are, which methods they take, and what an unknown path is told all follow from ``routes``.
struct API: Sendable {
    let access: AccessPolicy
    let crossOrigin: CrossOriginPolicy
    let doors: Doors
    let logger: Logger
    let routes: [Route]

    /// What is answered to a request.
    func response(to request: Request, on channel: any Channel) async throws -> Response {
        let start = ContinuousClock.now
        let context = APIContext(channel: channel, logger: logger)
        var response = try await answer(request, context)
        response.headers[.date] = HTTPDate.now
        AccessLog.write(request, response.status, context, ContinuousClock.now - start)
        return response
    }

    private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        do {
            try access.check(request)
            if let preflight = crossOrigin.preflight(request) { return crossOrigin.open(preflight, to: request) }
            return crossOrigin.open(try await route(request, context), to: request)
        } catch let error as HTTPParserError {
            throw error  // Hummingbird answers 400 and ends the connection.
        } catch {
            let problem = Problem(error)
            problem.log(error, of: request, to: context.logger)
            return crossOrigin.open(
                problem.response(to: request.head.path.map { String($0.prefix { $0 != "?" }) }), to: request)
        }
    }

    private func route(_ request: Request, _ context: APIContext) async throws -> Response {
        let target = request.head.path ?? "/"
        let path = Self.parts(of: target)
        let here = routes.compactMap { route in path.flatMap(route.parameters(of:)).map { (route, $0) } }
        guard !here.isEmpty else { throw unknownPath(request.method, target) }
        guard let (route, parameters) = here.first(where: { $0.0.methods.contains(request.method) }) else {
            throw notAllowed(request.method, target, here.flatMap { $0.0.methods })
        }
        var context = context
        context.caller = try doors.caller(of: request, at: route.door, conversation: parameters.first)
        try Self.refuseUnexpectedBody(of: request, target)
        return try await route.answer(request, parameters, context)
    }

    /// The parts of a path, percent-decoded, or nil if they cannot be.
    private static func parts(of target: String) -> [String]? {
        let parts = target.prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
        let decoded = parts.compactMap(\.removingPercentEncoding)
        return target.hasPrefix("/") && decoded.count == parts.count ? decoded : nil
    }

    private static func refuseUnexpectedBody(of request: Request, _ target: String) throws {
        guard [.get, .head].contains(request.method) else { return }
        let isAnnounced = request.headers[.contentLength].map { $0 != "0" } ?? false
        guard isAnnounced || request.headers[.transferEncoding] != nil else { return }
        throw Problem.badRequest(
            "unexpected_body", "\(request.method) \(target) takes no body. Send the request again without one.")
    }

    private func unknownPath(_ method: HTTPRequest.Method, _ target: String) -> Problem {
        let api = routes.filter { $0.path != "/" }.map { "\($0.method) \($0.path)" }
        let list = api.dropLast().joined(separator: ", ") + " and " + (api.last ?? "nothing else")
        return .notFound(
            "unknown_path", "Nothing answers \(method) \(target). Open / for the page; the API has \(list).")
    }

    private func notAllowed(
        _ method: HTTPRequest.Method, _ target: String, _ allowed: [HTTPRequest.Method]
    ) -> Problem {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        return Problem(
            status: .methodNotAllowed, code: "method_not_allowed",
            message: "\(target) does not answer \(method). Use \(methods).", headers: [.allow: methods])
    }
}

extension HTTPField.Name {
    /// Which methods a resource answers.
    static let allow = HTTPField.Name.checked("Allow")

    static func checked(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not the name of a header") }
        return name
    }
}
