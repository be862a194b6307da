import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import StreamServer

@Suite("The OpenAPI document, and other sites' pages")
struct OpenAPITests {
    @Test func `the document has every route, and every reference in it leads somewhere`() async throws {
        try await withServer { server in
            let answer = try await server.send("/openapi.json")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            #expect(paths["/api/runs/{conversation_id}"]?["get"] != nil)
            #expect(
                paths["/api/agents/{agent}/run"]?["post"] != nil && paths["/api/runs/{conversation_id}/cancel"] != nil)

            let schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: Any] ?? [:]
            for match in answer.text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/) {
                #expect(schemas[String(match.1)] != nil, "\(match.1)")
            }
        }
    }

    @Test func `the document says what each route asks of its callers, where there are tokens`() async throws {
        try await withGuardedServer { server in
            let answer = try await server.send("/openapi.json")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
            let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
            func schemes(_ method: String, _ path: String) -> [String]? {
                (paths[path]?[method]?["security"] as? [[String: Any]])?.flatMap(\.keys).sorted()
            }
            #expect(schemes("get", "/api/live") == [])
            #expect(schemes("post", "/api/agents/{agent}/run") == ["bearer"])
            #expect(schemes("get", "/api/agent/stream/{conversation_id}") == ["bearer", "link"])
            let responses = paths["/api/runs/{conversation_id}"]?["get"]?["responses"] as? [String: Any]
            for status in ["401", "404", "429", "503"] { #expect(responses?[status] != nil, "\(status)") }
            let known = (document["components"] as? [String: Any])?["securitySchemes"] as? [String: Any]
            #expect(known?.keys.sorted() == ["bearer", "link"])
        }
        try await withServer { server in
            let answer = try await server.send("/openapi.json")
            #expect(!answer.text.contains("bearer"))
        }
    }

    @Test func `no other site's page may read an answer, unless its origin is named`() async throws {
        let origin = ["Origin": "https://chat.example.com"]
        try await withServer { server in
            let answer = try await server.send("/api/health", headers: origin)
            #expect(!answer.headers.contains(name: "Access-Control-Allow-Origin"))
            let asked = origin.merging(["Access-Control-Request-Method": "POST"]) { $1 }
            #expect(
                try await server.send("/api/agents/TravelPlanner/run", method: .OPTIONS, headers: asked).status == 405)
        }
        try await withServer {
            $0.allowedOrigins = ["https://chat.example.com"]
        } _: { server in
            let path = "/api/agents/TravelPlanner/run"
            let asked = origin.merging(["Access-Control-Request-Method": "POST"]) { $1 }
            let preflight = try await server.send(path, method: .OPTIONS, headers: asked)
            #expect(preflight.status == 204)
            #expect(preflight.headers.first(name: "Access-Control-Allow-Methods")?.contains("POST") == true)
            let fields = origin.merging(["Content-Type": "text/plain", "Sec-Fetch-Site": "cross-site"]) { $1 }
            let answer = try await server.send(path, method: .POST, headers: fields, body: Array("Hi".utf8))
            #expect(answer.status == 202)
            #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == "https://chat.example.com")
            let other = ["Origin": "https://evil.example.com", "Content-Type": "text/plain"]
            let refused = try await server.send(path, method: .POST, headers: other, body: Array("Hi".utf8))
            #expect(refused.status == 403 && !refused.headers.contains(name: "Access-Control-Allow-Origin"))
        }
    }
}
