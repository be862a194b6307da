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
    /// - Throws: A `DecodingError`.
    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: String].self)
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
