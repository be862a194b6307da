import StreamKit
package import Tracing

extension AgentRuns {
    /// Where the newest run of a conversation belongs in a trace (HGET, HGET).
    ///
    /// - Returns: The context for spans of those who watch it; `nil` if its sender had none.
    package func trace(of conversation: String) async -> ServiceContext? {
        let state = RunNames.state(of: conversation)
        guard let run = try? await redis.send("HGET", state, "runs").text,
            let text = try? await redis.send("HGET", state, "trace:\(run)").text
        else { return nil }
        return RunJSON.value(RunTrace.self, of: text)?.context
    }

    /// A span for handing a request to the workers; the request takes its place in the trace along.
    func withEnqueueSpan(_ request: RunRequest, _ body: (RunRequest) async throws -> Void) async throws {
        try await withSpan("send \(names.queueKey)", ofKind: .producer) { span in
            span.describe { describe(request, operation: "send", &$0) }
            var request = request
            request.trace = RunTrace(span.context)
            try await body(request)
        }
    }

    /// A span for one attempt of a run, below the span that enqueued it.
    func withAttemptSpan(
        _ request: RunRequest, _ body: (RunRequest, any Span) async throws -> Void
    ) async throws {
        let sender = request.trace?.context ?? .topLevel
        try await withSpan("invoke_agent \(request.agent)", context: sender, ofKind: .consumer) { span in
            span.describe { attributes in
                describe(request, operation: "process", &attributes)
                attributes["gen_ai.operation.name"] = "invoke_agent"
            }
            var request = request
            // A worker without a tracer leaves the place as it is, for those that have one.
            request.trace = RunTrace(span.context) ?? request.trace
            try await body(request, span)
        }
    }

    private func describe(_ request: RunRequest, operation: String, _ attributes: inout SpanAttributes) {
        attributes["messaging.system"] = "redis"
        attributes["messaging.operation.type"] = operation
        attributes["messaging.destination.name"] = names.queueKey
        attributes["messaging.message.id"] = request.correlationID
        attributes["gen_ai.agent.name"] = request.agent
        attributes["gen_ai.conversation.id"] = request.conversationID
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
