#if DistributedTracingSupport
import InMemoryTracing
import StreamKit
import TestSupport
import Testing
import Tracing

@Suite("Spans of commands")
struct SpanTests {
    @Test func `commands and batches have spans in OpenTelemetry's words, blocking reads have none`() async throws {
        let tracer = InMemoryTracer()
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.tracer = tracer
        try await withRedis(configuration) { redis in
            try await redis.send("ping")
            _ = try? await redis.send("NONSENSE")
            _ = try await redis.pipeline { batch in for _ in 0..<3 { batch.add("PING") } }
            _ = try await redis.stream(scratchKey()).read(after: .zero, wait: .atMost(.milliseconds(5)))
        }

        let spans = tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["PING", "NONSENSE", "PIPELINE"])
        #expect(spans.allSatisfy { $0.kind == .client && $0.attributes.get("db.system.name") == .string("redis") })
        #expect(spans[0].attributes.get("db.operation.name") == .string("PING"))
        #expect(spans[0].attributes.get("db.namespace") == .string("0") && spans[0].status == nil)
        #expect(spans[1].attributes.get("db.response.status_code") == .string("ERR") && spans[1].status?.code == .error)
        #expect(spans[2].attributes.get("db.operation.batch.size") == .int64(3))
    }

    @Test func `the span of a command lies below the one around it`() async throws {
        let tracer = InMemoryTracer()
        var configuration = try await TestServer.shared.configuration()
        configuration.observability.tracer = tracer
        try await withRedis(configuration) { redis in
            try await tracer.withSpan("outer") { _ in _ = try await redis.send("PING") }
        }

        let outer = tracer.finishedSpans.first { $0.operationName == "outer" }
        let command = tracer.finishedSpans.first { $0.operationName == "PING" }
        #expect(outer != nil && command?.parentSpanID == outer?.spanID)
    }
}
#endif
