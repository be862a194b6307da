import AgentRuns
import HTTPTypes
import Hummingbird
import Synchronization
import Tracing

extension Route {
    /// The same route with a span for each request, in OpenTelemetry's words for HTTP servers.
    ///
    /// Requests belong to the trace that their `traceparent` names. A viewer without one belongs to the trace of the run
    /// that it watches; one that names a trace of its own links to that run. The span of a viewer ends when the viewer leaves.
    /// Without a tracer the route stays as it is.
    func traced(_ runs: AgentRuns) -> Route {
        guard RunTrace.isWanted else { return self }
        return Route(method, path, documentation, door: door) { request, parameters, context in
            let span = await startSpan(request, parameters, runs)
            do {
                let response = try await ServiceContext.withValue(span.context) {
                    try await answer(request, parameters, context)
                }
                return span.end(with: response)
            } catch {
                span.end(with: Problem(error).status)
                throw error
            }
        }
    }

    /// A trace is not worth a long wait for Redis.
    private func trace(of conversation: ConversationID, _ runs: AgentRuns) async -> ServiceContext? {
        try? await promptly { await runs.log(of: conversation.text).trace() }
    }

    private func startSpan(_ request: Request, _ parameters: [String], _ runs: AgentRuns) async -> any Span {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(request.headers, into: &context, using: HeaderExtractor())
        let conversation = path.contains("{conversation_id}") ? parameters.first.flatMap(ConversationID.init) : nil
        let run = if let conversation { await trace(of: conversation, runs) } else { ServiceContext?.none }
        let isOfItsOwn = !context.isEmpty
        let span = Tracing.startSpan(
            "\(method.rawValue) \(path)", context: isOfItsOwn ? context : run ?? context, ofKind: .server)
        if isOfItsOwn, let run { span.addLink(SpanLink(context: run, attributes: [:])) }
        span.updateAttributes { attributes in
            attributes["http.request.method"] = request.method.rawValue
            attributes["http.route"] = path
            attributes["url.path"] = request.uri.path
            attributes["gen_ai.conversation.id"] = conversation?.text
        }
        return span
    }
}

extension Span {
    /// Ends now, or when a body that streams has been written.
    fileprivate func end(with response: Response) -> Response {
        attributes["http.response.status_code"] = response.status.code
        guard response.body.contentLength == nil else {
            end()
            return response
        }
        var response = response
        let (body, ending) = (response.body, SpanEnding(span: self))
        response.body = ResponseBody { writer in
            defer { ending.end() }
            try await ServiceContext.withValue(context) { try await body.write(writer) }
        }
        return response
    }

    fileprivate func end(with failure: HTTPResponse.Status) {
        attributes["http.response.status_code"] = failure.code
        if failure.kind == .serverError { setStatus(SpanStatus(code: .error)) }
        end()
    }
}

/// Ends a span even if nobody ever writes the body.
private final class SpanEnding: Sendable {
    let span: any Span
    private let hasEnded = Atomic(false)

    init(span: any Span) { self.span = span }
    deinit { end() }

    func end() {
        if !hasEnded.exchange(true, ordering: .relaxed) { span.end() }
    }
}

private struct HeaderExtractor: Extractor {
    func extract(key: String, from headers: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { headers[$0] }
    }
}
