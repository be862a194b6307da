import AsyncHTTPClient
import NIOHTTP1

/// An answer that is not the stream that was asked for.
struct Refusal {
    let status: Int
    let reason: String
    let service: ServiceError?
    let retryAfter: Duration?
    let hint: String
    let place: String

    init(_ response: HTTPClientResponse, body: String, _ credential: SentCredential, _ endpoint: ModelEndpoint) {
        let body = credential.redact(body)
        status = Int(response.status.code)
        service = (try? JSONValue(parsing: body)).flatMap(ServiceError.init)
        retryAfter = RetryAfter.pause { response.headers.first(name: $0) }
        place = endpoint.place
        let type = response.headers.first(name: "content-type") ?? "something without a type"
        reason =
            service?.message
            ?? "it sent \(type)\(body.isEmpty ? ", empty" : ": " + body.prefix(100).description.shortened)"
        hint =
            service?.isTooLong == true
            ? "Shorten the prompt, begin a new conversation, or choose a model that reads more."
            : Self.hint(status, endpoint)
    }

    /// What the user may see as an event, if a content filter refused the prompt.
    var notice: ModelNotice? {
        guard let service, service.isContentFilter else { return nil }
        return ContentFilter.promptRefused(service.filterResults)
    }

    /// The error of a status other than 200.
    var error: ModelError {
        let mayPass = service?.mayPass(status: status) ?? ServiceError.isPassing(status)
        var error = ModelError(
            "The model at \(place) answered \(status): \(reason)\(hint.isEmpty ? "" : " — \(hint)")", status: status,
            mayPass: mayPass, retryAfter: retryAfter)
        error.userMessage = service?.userMessage ?? Self.userMessage(status, mayPass: mayPass)
        return error
    }

    /// The error of a 200 that is not a stream of events.
    var wrongAnswer: ModelError {
        if let service { return ModelError(inStream: service) }
        return ModelError(
            "The model at \(place) answered, but not with a stream of events: \(reason) — \(hint)",
            status: status, mayPass: false, userMessage: Self.userMessage(status, mayPass: false))
    }

    private static func userMessage(_ status: Int, mayPass: Bool) -> String {
        mayPass
            ? "The language model is busy or out of order (\(status)). Please try again later."
            : "The language model cannot be used (\(status)). Please tell the people who run this agent."
    }

    private static func hint(_ status: Int, _ endpoint: ModelEndpoint) -> String {
        switch status {
        case 401, 403: endpoint.credential.hint
        case 404: "is the model's or deployment's name right, and the address? That of most servers ends with /v1."
        case 300..<400: "redirects are not followed: use the address it points to."
        case 200..<300: "is the address right? The base URL of most servers ends with /v1."
        case 500...: "the server's own log may say why."
        default: ""
        }
    }
}
