import AzureKit
import FaultKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentKit

@Suite("A model behind HTTP", .timeLimit(.minutes(2)))
struct RemoteModelTests {
    @Test func `a turn is one request with the key in its header, and the deltas of its stream`() async throws {
        try await withReplayServer { _, _ in
            .stream(Chat.stream(Chat.hello))
        } _: { server in
            let turn = try await Turn(try server.model(key: "k3y").respond(to: [.user("Hi")], tools: [Echo()]))

            #expect(turn.deltas == [.text("Hel"), .text("lo"), .usage(TokenUsage(input: 9, output: 3))])
            let request = try #require(server.requests.first)
            #expect(server.requests.count == 1)
            #expect(request.method == "POST" && request.target == "/v1/chat/completions")
            #expect(request.headers["authorization"] == "Bearer k3y")
            #expect(request.headers["content-type"] == "application/json")
            let body = try JSONValue(parsing: request.body)
            #expect(body["model"] == "m" && body["messages"] == [["role": "user", "content": "Hi"]])
        }
    }

    @Test(arguments: [1, 2, 3, 7, 65_536], ["\n", "\r\n", "\r"])
    func `a stream may be cut into chunks anywhere, and end its lines in any way`(
        chunkSize: Int, lineEnd: String
    ) async throws {
        let events = [Chat.text("Zürich "), Chat.text("🗼東京"), Chat.finish("stop"), Chat.done]
        for field in ["data: ", "data:"] {
            let bytes = Chat.stream(events, lineEnd: lineEnd, field: field)
            try await withReplayServer { _, _ in
                .stream(bytes, chunkSize: chunkSize)
            } _: { server in
                let turn = try await server.turn()
                #expect(turn.text == "Zürich 🗼東京" && turn.error == nil && server.requests.count == 1)
            }
        }
    }

    @Test func `the end of the answer is not kept waiting by a server that keeps the connection`() async throws {
        try await withReplayServer { _, _ in
            .stream(Chat.stream(Chat.hello), isWhole: false) + [.waitForClient]
        } _: { server in
            let turn = try await server.turn()
            #expect(turn.text == "Hello")
            try await eventually("the connection is closed") { server.clientsThatLeft == 1 }
        }
    }

    @Test func `comments and pings are not events`() async throws {
        let bytes = Array(": OPENROUTER PROCESSING\n\n".utf8) + Chat.stream(Chat.hello)
        try await withReplayServer { _, _ in
            .stream(bytes)
        } _: { server in
            let turn = try await server.turn()
            #expect(turn.text == "Hello")
        }
    }

    @Test(arguments: ["{", #"{"choices":[{"index":0,"delta":{"content":"ö"#])
    func `a stream that is cut in the middle of an event ends the turn with an error that names the server`(
        cut: String
    ) async throws {
        // The last byte is half a character.
        let bytes = (Chat.stream([Chat.text("Hi")]) + Array("data: \(cut)".utf8)).dropLast()
        for isWhole in [true, false] {
            try await withReplayServer { _, _ in
                .stream(bytes, isWhole: isWhole)
            } _: { server in
                let turn = try await server.turn()
                #expect(turn.text == "Hi" && turn.error?.mayPass == true)
                #expect(turn.error?.description.contains("127.0.0.1:\(server.port)") == true)
                // What was said cannot be taken back here, so the request is not sent again.
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `a request whose stream breaks before anything was said is sent again`() async throws {
        try await withReplayServer { _, number in
            number == 0
                ? .stream(Array("data: {\"choi".utf8), isWhole: false) : .stream(Chat.stream(Chat.hello))
        } _: { server in
            let turn = try await server.turn(limits: .impatient)
            #expect(turn.text == "Hello")
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a request that comes too soon is sent again after the pause that the service names`() async throws {
        let clock = ManualClock()
        try await withReplayServer { _, number in
            number == 0
                ? .answer(
                    "429 Too Many Requests", headers: ["retry-after": "7"], body: #"{"error":{"message":"slow"}}"#)
                : .stream(Chat.stream(Chat.hello))
        } _: { server in
            async let turn = server.turn(clock: clock)
            try await eventually("the model waits") { clock.sleeps.contains(.seconds(7)) }
            #expect(server.requests.count == 1)
            clock.advance(by: .seconds(7))

            #expect(try await turn.text == "Hello")
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a service that wants a long pause gets none from here`() async throws {
        try await withReplayServer { _, _ in
            .answer("503 Service Unavailable", headers: ["retry-after": "3600"], body: "")
        } _: { server in
            let error = try #require(try await server.turn().error)
            #expect(error.mayPass && error.status == 503 && error.retryAfter == .seconds(3600))
            #expect(server.requests.count == 1)
        }
    }

    @Test func `a service that never gets well is asked three times more`() async throws {
        try await withReplayServer { _, _ in
            .answer("500 Internal Server Error", body: "boom")
        } _: { server in
            let error = try #require(try await server.turn(limits: .impatient).error)
            #expect(error.mayPass && error.status == 500 && error.description.contains("boom"))
            #expect(server.requests.count == 4)
        }
    }

    @Test func `a 429 in the middle of a stream ends the turn; at its beginning the request is sent again`()
        async throws
    {
        let limit = #"{"error":{"message":"Rate limit reached","code":429}}"#
        try await withReplayServer { _, number in
            .stream(Chat.stream(number == 0 ? [limit] : [Chat.text("Hi"), limit]))
        } _: { server in
            let turn = try await server.turn(limits: .impatient)
            #expect(turn.text == "Hi" && server.requests.count == 2)
            #expect(turn.error?.status == 429 && turn.error?.mayPass == true)
        }
    }

    @Test func `a notice is told once, however often the request is sent`() async throws {
        let check = #"{"choices":[],"prompt_filter_results":[{"content_filter_results":{}}]}"#
        try await withReplayServer { _, number in
            .stream(Chat.stream(number == 0 ? [check] : [check] + Chat.hello))
        } _: { server in
            let turn = try await server.turn(limits: .impatient)
            #expect(turn.text == "Hello" && turn.notices.count == 1 && server.requests.count == 2)
        }
    }

    @Test(arguments: [
        ("401 Unauthorized", #"{"error":{"message":"Incorrect API key provided: s3cr3t-k3y."}}"#, "Check the key"),
        ("403 Forbidden", "<html>no, s3cr3t-k3y</html>", "Check the key"),
        (
            "400 Bad Request", #"{"error":{"code":"context_length_exceeded","message":"Too long: s3cr3t-k3y"}}"#,
            "Shorten the prompt"
        ),
        ("404 Not Found", #"{"error":{"code":"DeploymentNotFound","message":"No s3cr3t-k3y"}}"#, "/v1"),
        ("400 Bad Request", #"{"detail":[{"msg":"s3cr3t-k3y?"}]}"#, "msg"),
        ("302 Found", "", "redirects are not followed"),
        ("429 Too Many Requests", #"{"error":{"message":"s3cr3t-k3y","code":"insufficient_quota"}}"#, "[key]"),
    ])
    func `a refusal names the status, the reason and what to do, but never the key`(
        status: String, body: String, advice: String
    ) async throws {
        try await withReplayServer { _, _ in
            .answer(status, body: body)
        } _: { server in
            let error = try #require(try await server.turn(key: "s3cr3t-k3y").error)
            #expect(!error.mayPass && server.requests.count == 1)
            #expect(error.description.contains(status.prefix(3)) && error.description.contains(advice))
            #expect(error.description.contains("127.0.0.1:\(server.port)/v1/chat/completions"))
            #expect(!"\(error)\(error.userMessage)".contains("s3cr3t"))
        }
    }
}

extension ModelLimits {
    /// The usual limits, with pauses that no test notices.
    static var impatient: ModelLimits {
        var limits = ModelLimits()
        limits.firstPause = .milliseconds(1)
        return limits
    }
}

extension ReplayServer {
    func model(
        key: String? = nil, credential: ModelCredential? = nil, dialect: ModelEndpoint.Dialect = .chatCompletions,
        limits: ModelLimits = .init(), clock: some Clock<Duration> = ContinuousClock()
    ) throws -> RemoteModel {
        let endpoint = try ModelEndpoint(
            baseURL: "http://127.0.0.1:\(port)/v1", dialect: dialect,
            credential: credential ?? key.map { .bearer($0) } ?? .none)
        return RemoteModel(name: "m", endpoint: endpoint, limits: limits, clock: clock)
    }

    func turn(
        key: String? = nil, limits: ModelLimits = .init(), clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> Turn {
        try await Turn(model(key: key, limits: limits, clock: clock).respond(to: [.user("Hi")], tools: []))
    }
}

/// Gives `token-1` until that is discarded, then `token-2`, and so on.
final class NumberedTokens: TokenSource {
    private let number = Mutex(1)
    var given: Int { number.withLock { $0 } }

    func token(for scope: String) async throws -> AccessToken {
        AccessToken(value: "token-\(given)", expires: .distantFuture)
    }

    func discard(_ token: AccessToken, for scope: String) { number.withLock { $0 += 1 } }
}
