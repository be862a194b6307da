import Testing

@testable import AgentKit

@Suite("A turn from the stream of Responses")
struct ResponsesAssemblyTests {
    private static let usage = """
        {"input_tokens":9,"input_tokens_details":{"cached_tokens":2},"output_tokens":7,
        "output_tokens_details":{"reasoning_tokens":3},"total_tokens":16}
        """

    @Test func `text is told as it comes, the cost at the end`() {
        let turn = turn([
            #"{"type":"response.created","response":{"status":"in_progress","usage":null,"error":null}}"#,
            #"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m"}}"#,
            #"{"type":"response.content_part.added","output_index":0,"part":{"type":"output_text","text":""}}"#,
            #"{"type":"response.output_text.delta","output_index":0,"delta":"Hel"}"#,
            #"{"type":"response.output_text.delta","output_index":0,"delta":"lo"}"#,
            #"{"type":"response.output_text.done","output_index":0,"text":"Hello"}"#,
            #"{"type":"response.completed","response":{"status":"completed","usage":\#(Self.usage)}}"#,
        ])
        let cost = TokenUsage(input: 9, output: 7, cachedInput: 2, reasoning: 3)
        #expect(turn.deltas == [.text("Hel"), .text("lo"), .usage(cost)])
        #expect(turn.error == nil)
    }

    @Test func `parallel calls are put together, once, by their place in the output`() {
        let turn = turn([
            added(1, "call_b", "events"), added(0, "call_a", "weather"), arguments(1, #"{\"n\":"#), arguments(0, "{"),
            arguments(1, "2}"), arguments(0, "}"),
            #"{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}"#,
            #"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_1","#
                + #""call_id":"call_b","name":"events","arguments":"{\"n\":2}"}}"#,
            #"{"type":"response.completed","response":{}}"#,
        ])
        #expect(turn.deltas == [.call("weather", [:], id: "call_a"), .call("events", ["n": 2], id: "call_b")])
    }

    @Test func `a response that is incomplete says why`() {
        func incomplete(_ reason: String) -> String {
            #"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"\#(reason)"}}}"#
        }
        #expect(turn([incomplete("max_output_tokens")]).deltas == [.notice(.cutAtLimit)])
        #expect(turn([incomplete("content_filter")]).deltas == [.notice(ContentFilter.answerCut)])
        #expect(turn([added(0, "a", "delete"), incomplete("max_output_tokens")]).error == .limitInToolCall)
        #expect(turn([added(0, "a", "delete"), incomplete("content_filter")]).calls.isEmpty)
    }

    @Test(arguments: [
        (#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"boom"}}}"#, true),
        (#"{"type":"error","code":"rate_limit_exceeded","message":"boom","param":null}"#, true),
        (#"{"type":"error","error":{"type":"invalid_request_error","code":null,"message":"boom"}}"#, false),
        (#"{"type":"response.failed","response":{"error":null}}"#, false),
    ])
    func `a failure is an error that says whether it may pass`(event: String, passes: Bool) {
        #expect(turn([event]).error?.mayPass == passes)
    }

    @Test func `a stream that ends without the end of the response is cut, whatever a proxy adds`() {
        let delta = #"{"type":"response.output_text.delta","delta":"Hi"}"#
        #expect(turn([delta, "[DONE]"]).error == .cut)
    }

    private func added(_ index: Int, _ id: String, _ name: String) -> String {
        #"{"type":"response.output_item.added","output_index":\#(index),"item":{"type":"function_call","#
            + #""id":"fc_\#(index)","call_id":"\#(id)","name":"\#(name)","arguments":""}}"#
    }

    private func arguments(_ index: Int, _ delta: String) -> String {
        #"{"type":"response.function_call_arguments.delta","output_index":\#(index),"delta":"\#(delta)"}"#
    }

    private func turn(_ events: [String]) -> Turn { Turn(ResponsesAssembly(callIDPrefix: "call_1"), events) }
}
