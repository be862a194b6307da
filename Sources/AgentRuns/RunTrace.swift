import StreamKit
package import Tracing

/// Where something belongs in a trace, as it travels between processes: what the tracer writes there and reads again.
///
/// A tracer that speaks W3C's format writes `traceparent` and, where it needs it, `tracestate`.
/// Source: <https://www.w3.org/TR/trace-context/>
public struct RunTrace: Codable, Hashable, Sendable {
    /// What the tracer wrote, by the names of its headers.
    public let fields: [String: String]

    /// The place that a context stands for; `nil` if no tracer was bootstrapped.
    package init?(_ context: ServiceContext) {
        var fields: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &fields, using: FieldCarrier())
        guard !fields.isEmpty else { return nil }
        self.fields = fields
    }

    /// Reads the object that ``encode(to:)`` wrote.
    ///
    /// Another program's form of it counts as no trace: a run is not refused because of it.
    ///
    /// - Throws: Nothing.
    public init(from decoder: any Decoder) throws {
        fields = (try? decoder.singleValueContainer().decode([String: String].self)) ?? [:]
    }

    /// Writes one JSON object, for example `{"traceparent":"00-…"}`.
    ///
    /// - Throws: An `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }

    /// Whether a tracer was bootstrapped; where spans would be many, this is asked first.
    package static var isWanted: Bool { !(InstrumentationSystem.tracer is NoOpTracer) }

    /// The context for spans that belong below this place.
    package var context: ServiceContext {
        var context = ServiceContext.topLevel
        InstrumentationSystem.instrument.extract(fields, into: &context, using: FieldCarrier())
        return context
    }
}

private struct FieldCarrier: Injector, Extractor {
    func inject(_ value: String, forKey key: String, into fields: inout [String: String]) { fields[key] = value }
    func extract(key: String, from fields: [String: String]) -> String? { fields[key] }
}

extension Span {
    /// Adds attributes, which are not even computed unless somebody traces.
    package func describe(_ update: (inout SpanAttributes) -> Void) {
        if isRecording { updateAttributes(update) }
    }
}

extension RunLog {
    /// Where the newest run of the conversation belongs in a trace (HGET, HGET).
    ///
    /// - Returns: The context for spans of those who watch it; `nil` if its sender had none.
    package func trace() async -> ServiceContext? {
        guard let run = try? await redis.send("HGET", stateKey, "runs").text,
            let text = try? await redis.send("HGET", stateKey, "trace:\(run)").text
        else { return nil }
        return SortedJSON.value(RunTrace.self, of: text)?.context
    }
}

extension RunRequest {
    /// A span for handing the request to the workers; the request takes its place in the trace along.
    func withEnqueueSpan(queue: String, _ body: (RunRequest) async throws -> Void) async throws {
        try await withSpan("send \(queue)", ofKind: .producer) { span in
            span.describe { describe(&$0, operation: "send", queue) }
            var request = self
            request.trace = RunTrace(span.context)
            try await body(request)
        }
    }

    /// A span for one attempt, below the span that enqueued the request.
    func withAttemptSpan(queue: String, _ body: (RunRequest, any Span) async throws -> Void) async throws {
        let sender = trace?.context ?? .topLevel
        try await withSpan("invoke_agent \(agent)", context: sender, ofKind: .consumer) { span in
            span.describe { attributes in
                describe(&attributes, operation: "process", queue)
                attributes["gen_ai.operation.name"] = "invoke_agent"
            }
            var request = self
            // A worker without a tracer leaves the place as it is, for those that have one.
            request.trace = RunTrace(span.context) ?? trace
            try await body(request, span)
        }
    }

    private func describe(_ attributes: inout SpanAttributes, operation: String, _ queue: String) {
        attributes["messaging.system"] = "redis"
        attributes["messaging.operation.type"] = operation
        attributes["messaging.destination.name"] = queue
        attributes["messaging.message.id"] = correlationID
        attributes["gen_ai.agent.name"] = agent
        attributes["gen_ai.conversation.id"] = conversationID
    }
}

extension RunWriter {
    /// Says which attempt a span is of; a later one links to the first, which `task_started` names.
    nonisolated func describe(_ span: any Span) async {
        guard span.isRecording else { return }
        span.attributes["run.attempt"] = attempt
        guard attempt > 1,
            let first = try? await log.history().first(where: { $0.run == run && $0.kind == .taskStarted }),
            let trace = first.decodeData(Started.self)?.trace
        else { return }
        span.addLink(SpanLink(context: trace.context, attributes: [:]))
    }

    private struct Started: Decodable { let trace: RunTrace? }
}
