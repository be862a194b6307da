import HTTPTypes
import Hummingbird

/// Which other sites' pages may read what this server says: none, unless they are named.
///
/// ``AccessPolicy`` refuses what they must not do.
/// Source: <https://fetch.spec.whatwg.org/#http-cors-protocol>
struct CrossOriginPolicy: Sendable {
    private let origins: Set<String>

    init(allowedOrigins: [String]) { origins = Set(allowedOrigins.map { $0.lowercased() }) }

    /// The origin of a request, if it is one of those that are named.
    func origin(of request: Request) -> String? {
        request.headers[.origin].flatMap { origins.contains($0.lowercased()) ? $0 : nil }
    }

    /// The answer to a browser that asks whether it may send a request.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            origin(of: request) != nil
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, HEAD, POST",
                .accessControlAllowHeaders: "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "
                    + "x-ms-wait-for-response",
                .accessControlMaxAge: "600",
            ])
    }

    /// The answer with what lets a page of the request's origin read it.
    func open(_ response: Response, to request: Request) -> Response {
        guard !origins.isEmpty else { return response }
        var response = response
        response.headers[.vary] = "Origin"
        guard let origin = origin(of: request) else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "Location, Retry-After, x-conversation-id"
        return response
    }
}
