import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Speaks to the server that a test started as a program.
struct Client: Sendable {
    let server: String

    /// Starts a run and returns its conversation.
    func ask(_ prompt: String) async throws -> String {
        var request = HTTPClientRequest(url: "\(server)/api/agents/TravelPlanner/run")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "text/plain")
        request.body = .bytes(ByteBuffer(string: prompt))
        let body = try await HTTPClient.shared.execute(request, timeout: .seconds(60)).body.collect(upTo: 1 << 20)
        struct Accepted: Decodable {
            let conversation_id: String
        }
        return try JSONDecoder().decode(Accepted.self, from: Data(body.readableBytesView)).conversation_id
    }

    /// The whole answer, once it is there.
    func text(of conversation: String) async throws -> String {
        var request = HTTPClientRequest(url: "\(server)/api/agent/stream/\(conversation)")
        request.headers.add(name: "Accept", value: "text/plain")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return String(buffer: try await response.body.collect(upTo: 16 << 20))
    }
}

/// Waits until a program serves, and says how to reach it.
func client(of program: Program) async throws -> Client {
    try await program.says("Ctrl-C stops the server")
    let url = try #require(program.said.firstMatch(of: /http:\/\/[0-9.]+:[0-9]+/))
    return Client(server: String(url.0))
}
