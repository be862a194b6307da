import AgentRuns
import Tracing

// Spans in OpenTelemetry's words for generative AI; without a tracer they cost next to nothing.
// Source: <https://opentelemetry.io/docs/specs/semconv/gen-ai/>
extension AgentLoop {
    /// A span for one turn of the model.
    func withModelSpan(_ body: () async throws -> FinishedTurn) async throws -> FinishedTurn {
        try await withSpan("chat \(agent.model.name)", ofKind: .client) { span in
            span.describe { attributes in
                attributes["gen_ai.operation.name"] = "chat"
                attributes["gen_ai.provider.name"] = agent.model.provider
                attributes["gen_ai.request.model"] = agent.model.name
                attributes["gen_ai.conversation.id"] = writer.request.conversationID
            }
            let said = try await body()
            span.describe { attributes in
                attributes["gen_ai.usage.input_tokens"] = said.usage?.input
                attributes["gen_ai.usage.output_tokens"] = said.usage?.output
                attributes["gen_ai.response.finish_reasons"] = [said.calls.isEmpty ? "stop" : "tool_calls"]
            }
            return said
        }
    }

    /// A span for one call of a tool.
    func withToolSpan(_ use: ToolUse, _ body: () async throws -> JSONValue) async throws -> JSONValue {
        try await withSpan("execute_tool \(use.tool)") { span in
            span.describe { attributes in
                attributes["gen_ai.operation.name"] = "execute_tool"
                attributes["gen_ai.tool.name"] = use.tool
                attributes["gen_ai.tool.type"] = "function"
                attributes["gen_ai.tool.call.id"] = use.callID
            }
            do {
                return try await body()
            } catch {
                span.attributes["error.type"] = "\(type(of: error))"
                span.setStatus(SpanStatus(code: .error))
                throw error
            }
        }
    }
}
