import AzureKit
import FaultKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentKit

@Suite("What a model behind HTTP refuses", .timeLimit(.minutes(2)))
struct RemoteRefusalTests {
    @Test func `a page in place of a stream is an error that asks for the address`() async throws {
        try await withReplayServer { _, _ in
            .answer("200 OK", headers: ["content-type": "text/html"], body: "<!doctype html><title>Welcome</title>")
        } _: { server in
            let error = try #require(try await server.turn().error)
            #expect(!error.mayPass && error.description.contains("Welcome") && error.description.contains("/v1"))
        }
    }

    @Test func `an error with status 200 is an error`() async throws {
        try await withReplayServer { _, _ in
            .answer("200 OK", headers: ["content-type": "application/json"], body: #"{"error":{"message":"broken"}}"#)
        } _: { server in
            let turn = try await server.turn()
            #expect(turn.error?.description.contains("broken") == true)
        }
    }

    @Test func `a server that is not there is named`() async throws {
        let server = try ReplayServer { _, _ in [] }
        server.stop()
        try await eventually("the port is closed") {
            try await server.turn(limits: .impatient).error?.description.contains("cannot be reached") == true
        }
        let error = try #require(try await server.turn(limits: .impatient).error)
        #expect(error.mayPass && error.description.contains("http://127.0.0.1:\(server.port)"))
        #expect(error.description.contains("cannot be reached: Connection refused."))
    }

    @Test func `a prompt that the filter refused is an event and a sentence for the user`() async throws {
        let body = """
            {"error":{"message":"The response was filtered","code":"content_filter","status":400,"innererror":
            {"code":"ResponsibleAIPolicyViolation","content_filter_result":{"jailbreak":{"detected":true}}}}}
            """
        try await withReplayServer { _, _ in
            .answer("400 Bad Request", body: body)
        } _: { server in
            let turn = try await server.turn()
            let sentence = "The service's content filter refused the prompt (jailbreak). Please put it in other words."
            #expect(turn.notices.map(\.message) == [sentence])
            #expect(turn.error?.userMessage == sentence && turn.error?.mayPass == false)
        }
    }

    @Test func `a conversation that is too long is an error for the user`() async throws {
        let body = #"{"error":{"message":"maximum context length is 8192","code":"context_length_exceeded"}}"#
        try await withReplayServer { _, _ in
            .answer("400 Bad Request", body: body)
        } _: { server in
            let error = try #require(try await server.turn().error)
            #expect(error.userMessage.contains("too long") && !error.mayPass)
        }
    }

    @Test func `cancelling closes the request at once`() async throws {
        try await withReplayServer { _, number in
            number == 0
                ? [.waitForClient] : .stream(Chat.stream([Chat.text("Hi")]), isWhole: false) + [.waitForClient]
        } _: { server in
            // Before the answer, and in its middle.
            for number in 1...2 {
                let heard = Mutex("")
                let turn = Task {
                    for try await delta in try server.model().respond(to: [.user("Hi")], tools: []) {
                        if case .text(let text) = delta { heard.withLock { $0 += text } }
                    }
                }
                try await eventually("the request is there") {
                    server.requests.count == number && (number == 1 || heard.withLock { $0 } == "Hi")
                }
                turn.cancel()
                try await eventually("the connection is closed") { server.clientsThatLeft == number }
                _ = await turn.result
            }
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a token that the service refuses is replaced once`() async throws {
        let tokens = NumberedTokens()
        try await withReplayServer { request, _ in
            request.headers["authorization"] == "Bearer token-2"
                ? .stream(Chat.stream(Chat.hello)) : .answer("401 Unauthorized", body: "")
        } _: { server in
            let model = try server.model(credential: .token(tokens, scope: "s"))
            #expect(try await Turn(model.respond(to: [], tools: [])).text == "Hello")
            #expect(server.requests.count == 2 && tokens.given == 2)
        }
    }

    @Test func `an identity without the role is told which one it needs`() async throws {
        try await withReplayServer { _, _ in
            .answer("403 Forbidden", body: "")
        } _: { server in
            let model = try server.model(credential: .token(NumberedTokens(), scope: "s"))
            let error = try await Turn(model.respond(to: [], tools: [])).error
            #expect(error?.description.contains("'Cognitive Services OpenAI User'") == true)
            #expect(error?.description.contains("token-") == false)
        }
    }
}
