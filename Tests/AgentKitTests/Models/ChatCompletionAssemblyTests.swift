import ServerSentEvents
import Testing

@testable import AgentKit

@Suite("A turn from the stream of a chat completion")
struct ChatCompletionAssemblyTests {
    @Test func `text is told as it comes, the cost at the end`() {
        let turn = turn(Chat.hello)
        #expect(turn.deltas == [.text("Hel"), .text("lo"), .usage(TokenUsage(input: 9, output: 3))])
        #expect(turn.error == nil)
    }

    @Test func `the cost is told once, even if every chunk counts`() {
        let counting = (1...3).map { #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":\#($0)}}"# }
        #expect(turn(counting + [Chat.finish("stop"), Chat.done]).usages == [TokenUsage(input: 9, output: 3)])
    }

    @Test func `cached and reasoning tokens are part of the cost`() {
        let usage = """
            {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":4},
            "completion_tokens_details":{"reasoning_tokens":5}}}
            """
        let expected = TokenUsage(input: 9, output: 8, cachedInput: 4, reasoning: 5)
        #expect(turn([Chat.finish("stop"), usage]).usages == [expected])
    }

    @Test func `tool calls are told when they are complete`() {
        let turn = turn([
            Chat.calls(#"{"index":0,"id":"a","type":"function","function":{"name":"weather","arguments":""}}"#),
            Chat.calls(#"{"index":0,"function":{"arguments":"{\"city\":"}}"#),
            Chat.calls(#"{"index":1,"id":"b","function":{"name":"events","arguments":{"city":"Oslo"}}}"#),
            Chat.calls(#"{"index":0,"function":{"arguments":"\"Rome\"}"}}"#), Chat.finish("tool_calls"), Chat.done,
        ])
        #expect(
            turn.deltas == [
                .call("weather", ["city": "Rome"], id: "a"), .call("events", ["city": "Oslo"], id: "b"),
            ])
    }

    @Test func `a stream without its last word is whole if the model said why it finished`() {
        #expect(turn([Chat.text("Hi"), Chat.finish("stop")]).error == nil)
        #expect(turn([Chat.text("Hi"), Chat.done]).error == nil)
    }

    @Test func `a stream that ends before the model finished is an error that may pass`() {
        let turn = turn([Chat.text("Hi")])
        #expect(turn.text == "Hi" && turn.error == .cut && turn.error?.mayPass == true)
    }

    @Test func `nothing counts after the end`() {
        #expect(turn([Chat.finish("stop"), Chat.done, Chat.text("ghost"), "{"]).deltas.isEmpty)
    }

    @Test(arguments: [#"{"choices":[{"del"#, "hello", #"["a"]"#, #"{"choices":7}"#])
    func `an event that is not a chunk is an error that may pass`(event: String) throws {
        let error = try #require(turn([event]).error)
        #expect(error.mayPass && error.description.contains("not valid"))
    }

    @Test(arguments: [
        (#"{"error":{"message":"slow down","code":429}}"#, true),
        (#"{"error":{"message":"slow down","type":"rate_limit_error","code":"429"}}"#, true),
        (#"{"error":{"message":"boom","type":"server_error"}}"#, true),
        (#"{"error":{"message":"no credit","code":"insufficient_quota"}}"#, false),
        (#"{"error":{"message":"what?","code":400}}"#, false), (#"{"error":"out of memory"}"#, false),
    ])
    func `an error in the middle of a stream is one, and says whether it may pass`(event: String, passes: Bool) {
        let turn = turn([Chat.text("Hi"), event])
        #expect(turn.text == "Hi" && turn.error?.mayPass == passes)
    }

    @Test func `what a model refuses to say is what it says`() {
        let refusal = Chat.choice(#"{"index":0,"delta":{"refusal":"I must not."}}"#)
        #expect(turn([refusal, Chat.finish("stop")]).text == "I must not.")
    }

    @Test func `thoughts show that the model is at work, and are not its answer`() throws {
        var assembly = ChatCompletionAssembly(callIDPrefix: "c")
        let thought = Chat.choice(#"{"index":0,"delta":{"reasoning_content":"Hmm"}}"#)
        #expect(try assembly.take(.init(data: thought)).isEmpty && assembly.pieces == 1)
        #expect(try assembly.take(.init(data: Chat.choice(#"{"index":0,"delta":{"content":""}}"#))).isEmpty)
        #expect(assembly.pieces == 1)
    }

    @Test func `an answer that stops at the limit of tokens says so`() {
        let turn = turn([Chat.text("Once upon"), Chat.finish("length"), Chat.done])
        #expect(turn.deltas == [.text("Once upon"), .notice(.cutAtLimit)])
    }

    @Test func `a tool call that stops at the limit of tokens is not made`() {
        let piece = Chat.calls(#"{"index":0,"id":"a","function":{"name":"delete","arguments":"{}"}}"#)
        let turn = turn([piece, Chat.finish("length"), Chat.done])
        #expect(turn.calls.isEmpty && turn.error == .limitInToolCall)
    }

    private func turn(_ events: [String]) -> Turn { Turn(ChatCompletionAssembly(callIDPrefix: "call_1"), events) }
}

@Suite("Azure's content filter in a stream")
struct ContentFilterTests {
    private static let safe =
        #"{"hate":{"filtered":false,"severity":"safe"},"jailbreak":{"detected":false,"filtered":false}}"#
    private static let marked = #"{"violence":{"filtered":true,"severity":"medium"},"self_harm":{"filtered":true}}"#

    @Test(arguments: ["prompt_filter_results", "prompt_annotations"])
    func `a first chunk without choices tells that the prompt was checked`(member: String) {
        let clean = turn([chunk(member, Self.safe)])
        #expect(clean.notices.map(\.isFinding) == [false])
        #expect(clean.notices.first?.message.contains("checked the prompt") == true)

        let found = turn([chunk(member, Self.marked)])
        #expect(found.notices.map(\.isFinding) == [true])
        #expect(found.notices.first?.message.hasSuffix("marked the prompt: self harm, violence (medium).") == true)
    }

    @Test func `chunks of the filter without a delta are not text, even after the end of the answer`() {
        let report = Chat.choice(
            #"{"index":0,"finish_reason":null,"content_filter_results":\#(Self.safe),"#
                + #""content_filter_offsets":{"check_offset":44,"start_offset":44,"end_offset":198}}"#)
        let turn = turn([report, Chat.text("Hi"), Chat.finish("stop"), report, Chat.done])
        #expect(turn.text == "Hi" && turn.error == nil)
        #expect(turn.notices.map(\.subject) == [.answerFilter] && turn.notices.map(\.isFinding) == [false])
    }

    @Test func `a finding in the answer is told at once`() {
        let report = Chat.choice(#"{"index":0,"content_filter_results":\#(Self.marked)}"#)
        let turn = turn([Chat.text("Hi"), report, Chat.text(" there"), Chat.finish("stop")])
        #expect(turn.text == "Hi there")
        guard case .notice(let notice) = turn.deltas[1] else { return #expect(Bool(false), "no notice") }
        #expect(notice.isFinding && notice.message.contains("violence (medium)"))
    }

    @Test func `an answer that the filter cut says so, and its tool calls are not made`() {
        let piece = Chat.calls(#"{"index":0,"id":"a","function":{"name":"delete","arguments":"{}"}}"#)
        let turn = turn([Chat.text("First, "), piece, Chat.finish("content_filter"), Chat.done])
        #expect(turn.deltas == [.text("First, "), .notice(ContentFilter.answerCut)])
    }

    private func turn(_ events: [String]) -> Turn {
        let isWhole = events.contains { $0.contains("finish_reason\":\"") }
        return Turn(ChatCompletionAssembly(callIDPrefix: "call_1"), events, ends: isWhole)
    }

    private func chunk(_ member: String, _ results: String) -> String {
        #"{"choices":[],"\#(member)":[{"prompt_index":0,"content_filter_results":\#(results)}]}"#
    }
}
