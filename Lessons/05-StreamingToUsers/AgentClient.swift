// The other end of the stream: asks an agent, and reads the events of the answer.
// Run:    ./lesson 5 watch <conversation>
// Expect: events one by one, each with the cursor to come back with.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServerSentEvents

/// Speaks to the server as a browser would.
struct AgentClient: Sendable {
    let server: String

    /// What the server says of a run that it accepted.
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
        let response = try await send(request)
        guard response.status == .accepted else { throw await Refusal(response, of: server) }
        let body = try await response.body.collect(upTo: 1 << 20)
        guard let accepted = try? JSONDecoder().decode(Accepted.self, from: Data(body.readableBytesView)) else {
            throw Refusal.stranger(server, "its answer to a prompt names no conversation")
        }
        return accepted
    }

    /// Reads a whole answer as plain text.
    func text(of conversation: String) async throws -> String {
        var request = HTTPClientRequest(url: address(of: conversation))
        request.headers.add(name: "Accept", value: "text/plain")
        let response = try await send(request)
        guard response.status == .ok else { throw await Refusal(response, of: server) }
        return String(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    /// Reads one JSON answer, an error's too.
    func json(at path: String) async throws -> (status: Int, body: String) {
        let response = try await send(HTTPClientRequest(url: server + path))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// Reads one answer that must be a good one.
    func body(of path: String) async throws -> Data {
        let response = try await send(HTTPClientRequest(url: server + path))
        guard response.status == .ok else { throw await Refusal(response, of: server) }
        return Data(try await response.body.collect(upTo: 64 << 20).readableBytesView)
    }

    /// Where the events of a conversation are.
    func address(of conversation: String) -> String { "\(server)/api/agent/stream/\(Self.segment(conversation))" }

    /// A name as one part of a path.
    static func segment(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting(["/"])) ?? name
    }

    /// Hands over event after event until `handle` has had enough, which closes the connection.
    ///
    /// `place` moves along, so that the next call goes on where this one ended, however it ended.
    func events(
        at address: String, from place: inout Place, _ handle: (ServerSentEvent) async throws -> Bool
    ) async throws {
        var request = HTTPClientRequest(url: address)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let cursor = place.cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
        let response = try await send(request)
        guard response.status == .ok else { throw await Refusal(response, of: server) }
        let type = response.headers.first(name: "Content-Type") ?? "no type"
        guard type.lowercased().hasPrefix("text/event-stream") else {
            throw Refusal.stranger(server, "it sent \(type) where a stream of events was expected")
        }
        place.hasConnected = true
        // Other programs write a whole answer into one entry.
        var parser = EventStreamParser(lastEventID: place.cursor, maximumEventSize: 64 << 20)
        for try await chunk in response.body {
            for event in try parser.parse(chunk.readableBytesView) {
                // It goes into a header, where not every character may stand.
                guard event.id?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) != false else {
                    throw Refusal.stranger(server, "it sent an event with an unreadable id")
                }
                if event.id == nil, event.event ?? "message" == "message" {
                    throw Refusal.stranger(server, "it sent text without an id to come back with")
                }
                place.cursor = event.id ?? place.cursor
                guard try await handle(event) else { return }
            }
            place.note(parser.reconnectionTime)
        }
    }

    func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        var request = request
        if let token = Self.token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        // The deadline is for the whole answer, and an answer may take its time.
        return try await Self.client.execute(request, timeout: .minutes(30))
    }

    /// For a server that asks for one.
    private static let token = ProcessInfo.processInfo.environment["STREAM_SERVER_TOKEN"].flatMap {
        $0.isEmpty ? nil : $0
    }

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        // A redirect leads to another server, and nobody asked for that one.
        configuration.redirectConfiguration = .disallow
        // The shared client would go on trying for minutes where nobody listens.
        configuration.timeout.connect = .seconds(3)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()
}

/// Where a viewer is in a stream, and what it knows about coming back.
struct Place: Sendable {
    /// The ID of the last event it saw.
    var cursor: String?
    /// How long the server asks to wait before coming back.
    private(set) var pause: Duration = .seconds(1)
    /// Whether there was a stream of events at all.
    var hasConnected = false

    /// Takes what the server asked for, unless it said nothing or cannot mean it.
    mutating func note(_ pause: Duration?) {
        if let pause, pause <= .seconds(3_600) { self.pause = pause }
    }
}
