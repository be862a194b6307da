// The other end of the stream: asks an agent, and reads the events of the answer.
// Run:    swift run streaming-to-users watch <conversation>
// Expect: events one by one, each with the cursor to come back with.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServerSentEvents

/// Speaks to the server as a browser would.
struct AgentClient: Sendable {
    let server: String

    /// What the server says of a run it took in.
    struct Accepted: Decodable {
        let conversation_id: String
        let correlation_id: String
    }

    /// Posts a prompt.
    func ask(_ prompt: String, agent: String = "TravelPlanner") async throws -> Accepted {
        var request = HTTPClientRequest(url: "\(server)/api/agents/\(agent)/run")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        request.body = .bytes(ByteBuffer(string: prompt))
        let body = try await body(of: request)
        return try JSONDecoder().decode(Accepted.self, from: Data(body.utf8))
    }

    /// Reads a whole answer as plain text.
    func text(of conversation: String) async throws -> String {
        var request = HTTPClientRequest(url: "\(server)/api/agent/stream/\(conversation)")
        request.headers.add(name: "Accept", value: "text/plain")
        return try await body(of: request)
    }

    /// Reads one JSON answer, an error's too.
    func json(at path: String) async throws -> (status: Int, body: String) {
        let response = try await send(HTTPClientRequest(url: server + path))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// Hands over event after event until `handle` has had enough, which closes the connection.
    func events(
        at path: String, after cursor: String?, _ handle: (ServerSentEvent) async throws -> Bool
    ) async throws {
        var request = HTTPClientRequest(url: server + path)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
        let response = try await send(request)
        guard response.status == .ok else { throw try await Refusal(response) }
        var parser = EventStreamParser(lastEventID: cursor)
        for try await chunk in response.body {
            for event in try parser.parse(chunk.readableBytesView) {
                guard try await handle(event) else { return }
            }
        }
    }

    private func body(of request: HTTPClientRequest) async throws -> String {
        let response = try await send(request)
        guard (200..<300).contains(response.status.code) else { throw try await Refusal(response) }
        return String(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    private func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        // The deadline is for the whole answer, and an answer may take its time.
        try await Self.client.execute(request, timeout: .minutes(30))
    }

    /// Says at once that nobody listens, which the shared client would try to mend for minutes.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(3)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()
}

/// An answer of the server's that says no.
struct Refusal: Error, CustomStringConvertible {
    let status: Int
    let description: String

    init(_ response: HTTPClientResponse) async throws {
        struct Body: Decodable {
            struct Details: Decodable {
                let message: String
            }
            let error: Details
        }
        status = Int(response.status.code)
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let details = try? JSONDecoder().decode(Body.self, from: Data(text.utf8))
        description = "\(status): \(details?.error.message ?? text)"
    }
}
