import AsyncHTTPClient
import FaultKit
import Foundation
import LocalRedis
import NIOCore
import NIOHTTP1
import StreamKit
import TestSupport
import Testing

@testable import TracedProgram

@Suite("One trace through several processes")
struct TraceTests {
    /// The span of the client that sends the prompt.
    private let sender = (trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7")

    @Test func `a run that lost its first worker is one trace from the prompt to those who watch it`() async throws {
        try await withModel { model in
            try await withScratchServer { redis in
                try await withPrograms { programs in
                    let server = try await programs.start("TracedProgram", "serve", "\(redis.configuration)")
                    try await server.says("listening on ")
                    let port = try #require(server.said.firstMatch(of: /listening on ([0-9]+)/)?.1)
                    let conversation = try await ask(port: port)
                    let url = "http://127.0.0.1:\(model.port)/v1"
                    let first = try await programs.start("TracedProgram", "work", "\(redis.configuration)", url)
                    try await eventually("the second turn is asked for") { model.requests.count == 2 }
                    let firstTurn = try await first.span("chat gpt-test")
                    first.send(SIGKILL)
                    let second = try await programs.start("TracedProgram", "work", "\(redis.configuration)", url)
                    let retry = try await second.span("invoke_agent TravelPlanner")
                    try await watch(conversation, port: port, traceparent: nil)
                    let stranger = "00-11111111111111111111111111111111-2222222222222222-01"
                    try await watch(conversation, port: port, traceparent: stranger)

                    // The request and what it hands to the workers.
                    let request = try await server.span("POST /api/agents/{agent}/run")
                    #expect(request.trace == sender.trace && request.parent == sender.span && request.kind == "server")
                    #expect(request.attributes["http.response.status_code"] == "202")
                    let sent = try await server.span("send agent-tasks")
                    #expect(sent.trace == sender.trace && sent.parent == request.id && sent.kind == "producer")

                    // The first attempt, whose worker died before its span ended: the log names it.
                    let attempt = try await firstAttempt(in: conversation, redis)
                    #expect(attempt.hasPrefix("00-\(sender.trace)-"))
                    let attemptID = String(attempt.split(separator: "-")[2])
                    #expect(firstTurn.parent == attemptID && firstTurn.kind == "client")
                    #expect(firstTurn.attributes["gen_ai.operation.name"] == "chat")
                    #expect(firstTurn.attributes["gen_ai.provider.name"] == "openai")
                    #expect(firstTurn.attributes["gen_ai.request.model"] == "gpt-test")
                    #expect(firstTurn.attributes["gen_ai.usage.input_tokens"] == "9")
                    let tool = try await first.span("execute_tool get_weather_forecast")
                    #expect(tool.parent == attemptID && tool.trace == sender.trace)
                    #expect(tool.attributes["gen_ai.tool.call.id"] == "call_7")

                    // The retry is a sibling of the first attempt, and links to it.
                    #expect(retry.trace == sender.trace && retry.parent == sent.id && retry.links == [attemptID])
                    #expect(retry.attributes["run.attempt"] == "2" && !retry.failed)

                    // What is sent to the model names the trace and the span of the HTTP request below the turn.
                    let header = try #require(model.requests[0].headers["traceparent"]?.split(separator: "-"))
                    #expect(header[1] == sender.trace)
                    let call = try await first.span { $0.id == header[2] }
                    #expect(call.parent == firstTurn.id)

                    // Appends, and the Redis command below one.
                    let append = try await second.span { $0.attributes["run.event"] == "task_completed" }
                    #expect(append.name == "append event" && append.parent == retry.id)
                    let command = try await second.span { $0.parent == append.id }
                    #expect(command.name == "EVALSHA" && command.attributes["db.system.name"] == "redis")
                    #expect(command.attributes["db.operation.name"] == "EVALSHA")

                    // Viewers: one without a trace of its own joins that of the run, the other one links to it.
                    let name = "GET /api/agent/stream/{conversation_id}"
                    let viewer = try await server.span { $0.name == name && $0.trace == sender.trace }
                    #expect(viewer.parent == sent.id && viewer.links.isEmpty)
                    let other = try await server.span { $0.name == name && $0.parent == "2222222222222222" }
                    #expect(other.links == [sent.id])
                }
            }
        }
    }

    /// A model that calls a tool, falls silent in the next turn, and answers when that is asked for again.
    private func withModel(_ body: (ReplayServer) async throws -> Void) async throws {
        func event(_ delta: String) -> String {
            "data: {\"choices\":[{\"index\":0,\"delta\":\(delta)}]}\n\n"
        }
        let end = """
            data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}\n
            data: [DONE]\n\n
            """
        let call = event(
            #"{"tool_calls":[{"index":0,"id":"call_7","function":{"name":"get_weather_forecast","#
                + #""arguments":"{\"destination\":\"Rome\"}"}}]}"#)
        let answers: [[ReplayServer.Step]] = [
            .stream((call + end).utf8),
            .stream(event(#"{"content":"Half"}"#).utf8, isWhole: false) + [.waitForClient],
            .stream((event(#"{"content":"All of it."}"#) + end).utf8),
        ]
        try await withReplayServer({ _, number in answers[min(number, 2)] }, body)
    }

    private func ask(port: Substring) async throws -> String {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/agents/TravelPlanner/run")
        request.method = .POST
        request.headers.add(name: "traceparent", value: "00-\(sender.trace)-\(sender.span)-01")
        request.body = .bytes(ByteBuffer(string: "Plan a day in Rome"))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        _ = try await response.body.collect(upTo: 1 << 20)
        return try #require(response.headers.first(name: "x-conversation-id"))
    }

    private func watch(_ conversation: String, port: Substring, traceparent: String?) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/agent/stream/\(conversation)")
        if let traceparent { request.headers.add(name: "traceparent", value: traceparent) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        #expect(String(buffer: try await response.body.collect(upTo: 1 << 20)).contains("All of it."))
    }

    /// The `traceparent` in `task_started`.
    private func firstAttempt(in conversation: String, _ redis: LocalRedis) async throws -> String {
        struct Started: Decodable { let trace: [String: String] }
        return try await withRedis(redis.configuration) { redis in
            let entries = try await redis.stream("agent-stream:\(conversation)").entries(limit: 100)
            let started = try #require(entries.first { $0["event"] == "task_started" }?["data"])
            let trace = try JSONDecoder().decode(Started.self, from: Data(started.utf8)).trace
            return try #require(trace["traceparent"])
        }
    }
}
