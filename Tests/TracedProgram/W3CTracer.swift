import InMemoryTracing
import Tracing

/// Keeps spans in memory, and carries them between processes in W3C's format.
struct W3CTracer: Tracer {
    let spans = InMemoryTracer(
        idGenerator: InMemoryTracer.IDGenerator(nextTraceID: { hex(16) }, nextSpanID: { hex(8) }),
        recordInjections: false, recordExtractions: false)

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        spans.startSpan(
            operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID,
            line: line)
    }

    func forceFlush() {}

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Carrier == Inject.Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Carrier == Extract.Carrier {
        let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-") ?? []
        guard parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(
            traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }
}

private func hex(_ bytes: Int) -> String {
    (0..<bytes).map { _ in
        let byte = String(UInt8.random(in: .min ... .max), radix: 16)
        return byte.count == 1 ? "0" + byte : byte
    }.joined()
}
