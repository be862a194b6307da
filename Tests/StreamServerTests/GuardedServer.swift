import NIOHTTP1
import TestSupport

@testable import StreamServer

let ann = "ann-token-0123456789", annToo = "ann-other-0123456789", bob = "bob-token-0123456789"
let carl = "unnamed-token-0123456789"

/// A server that knows the tokens above.
func withGuardedServer(
    script: [String] = ["One ", "two"], adjust: (inout StreamServerConfiguration) -> Void = { _ in },
    _ body: (RunningServer) async throws -> Void
) async throws {
    let tokens = try AccessTokens("ann:\(ann),ann:\(annToo)\nbob:\(bob)\n\(carl)")
    try await withServer(pace: script.count > 100 ? .milliseconds(20) : .zero, script: script) {
        $0.tokens = tokens
        adjust(&$0)
    } _: { server in
        try await body(server)
    }
}

extension RunningServer {
    func send(
        _ path: String, method: HTTPMethod = .GET, as token: String, headers: [String: String] = [:], body: String = ""
    ) async throws -> Answer {
        var headers = headers.merging(["Authorization": "Bearer \(token)"]) { $1 }
        if !body.isEmpty { headers["Content-Type"] = "application/json" }
        return try await send(path, method: method, headers: headers, body: body.isEmpty ? nil : Array(body.utf8))
    }

    /// The conversation that a prompt begins.
    func ask(_ prompt: String, as token: String) async throws -> String {
        try await send(
            "/api/agents/TravelPlanner/run", method: .POST, as: token, body: #"{"message":"\#(prompt)"}"#
        ).json("conversation_id")
    }
}
