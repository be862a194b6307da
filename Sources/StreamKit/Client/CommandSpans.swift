#if DistributedTracingSupport
import Tracing

/// Describes commands to a tracer, in OpenTelemetry's words for databases.
///
/// A client has none unless somebody traces: then a command costs no more.
/// Source: <https://opentelemetry.io/docs/specs/semconv/db/redis/>
struct CommandSpans: Sendable {
    private let tracer: any Tracer
    private let place: SpanAttributes

    /// - Returns: `nil` if spans go nowhere.
    init?(_ configuration: RedisConfiguration) {
        tracer = configuration.observability.tracer ?? InstrumentationSystem.tracer
        guard !(tracer is NoOpTracer) else { return nil }
        var place: SpanAttributes = ["db.system.name": "redis", "db.namespace": "\(configuration.database)"]
        switch configuration.endpoint {
        case .tcp(let host, let port):
            place["server.address"] = host
            place["server.port"] = port
        case .unix(let path): place["server.address"] = path
        }
        self.place = place
    }

    /// A span for one command or for a batch.
    func start(_ encode: (inout ByteBuffer) -> Void) -> any Span {
        let commands = TracedCommand.words(writtenBy: encode)
        let name = commands.count == 1 ? commands[0].first?.uppercased() ?? "" : "PIPELINE"
        let span = tracer.startSpan(name, ofKind: .client)
        span.updateAttributes { attributes in
            attributes.merge(place)
            attributes["db.operation.name"] = name
            if commands.count > 1 { attributes["db.operation.batch.size"] = commands.count }
            if name == "EVALSHA" { attributes["db.stored_procedure.name"] = commands[0].dropFirst().first }
        }
        return span
    }
}

extension Span {
    /// Notes the first reply that is an error, or that no reply came; a cancelled command has not failed.
    func note(_ answer: Result<[Reply], any Error>) {
        switch answer {
        case .success(let replies):
            guard let failure = replies.first(where: { $0.kind == .error }) else { return }
            let prefix = String((failure.text ?? "").prefix { $0 != " " })
            attributes["db.response.status_code"] = prefix
            attributes["error.type"] = prefix
        case .failure(let error):
            if error is CancellationError { return }
            recordError(error)
            attributes["error.type"] = "\(type(of: error))"
        }
        setStatus(SpanStatus(code: .error))
    }
}
#endif
