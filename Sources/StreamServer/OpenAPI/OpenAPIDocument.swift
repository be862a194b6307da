import Foundation
import HTTPTypes

/// The table of routes as an OpenAPI document.
///
/// Source: <https://spec.openapis.org/oas/v3.1.0>
struct OpenAPIDocument {
    let routes: [Route]
    /// Whether callers need tokens.
    let hasTokens: Bool
    /// The agents that can be asked.
    let agents: Set<String>

    /// What any request can be answered: it is not well-formed, not allowed, for another host, one too many, or the server
    /// or its Redis is in trouble.
    private static let commonProblems = [400, 403, 421, 429, 500, 503]
    /// What a ``Door`` takes, by the names of ``securitySchemes``.
    private static let keys: [Door: [String]] = [.token: ["bearer"], .tokenOrLink: ["bearer", "link"]]
    private static var securitySchemes: [String: Any] {
        [
            "bearer": ["type": "http", "scheme": "bearer"],
            "link": [
                "type": "apiKey", "in": "query", "name": "signature",
                "description": "Part of the addresses that POST /api/runs/{conversation_id}/link answers.",
            ],
        ]
    }

    var bytes: Data {
        var paths: [String: [String: Any]] = [:]
        for route in routes { paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route) }
        return EventJSON.bytes(of: [
            "openapi": "3.1.0",
            "info": [
                "title": "StreamServer", "version": "1",
                "description": "Asks agents, and follows their answers from any point on.",
            ],
            "paths": paths,
            "components": ["schemas": OpenAPISchemas.all, "securitySchemes": hasTokens ? Self.securitySchemes : [:]],
        ])
    }

    private func operation(_ route: Route) -> [String: Any] {
        let documentation = route.documentation
        let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        var operation: [String: Any] = [
            "summary": documentation.summary, "responses": responses(route),
            "operationId": route.operationID,
            "parameters": names.map(pathParameter) + documentation.parameters.map(Self.parameter),
        ]
        if hasTokens { operation["security"] = (Self.keys[route.door] ?? []).map { [$0: [String]()] } }
        if let body = documentation.body {
            var content = ["application/json": ["schema": OpenAPISchemas.reference(body)]]
            if body == "Prompt" { content["text/plain"] = ["schema": OpenAPISchemas.prompt] }
            operation["requestBody"] = ["required": true, "content": content]
        }
        return operation
    }

    private func responses(_ route: Route) -> [String: Any] {
        let documentation = route.documentation
        var responses: [String: Any] = [:]
        let refusal = hasTokens && route.door != .open ? [401] : []
        for status in Self.commonProblems + refusal + documentation.problems {
            let schema: [String: Any] = ["schema": OpenAPISchemas.reference("Problem")]
            responses[String(status)] = [
                "description": HTTPResponse.Status(code: status).reasonPhrase,
                "content": ["application/problem+json": schema],
            ]
        }
        for answer in documentation.answers {
            let content = answer.content.mapValues { name in
                ["schema": OpenAPISchemas.reference(name)]
            }
            responses[String(answer.status)] = ["description": answer.summary, "content": content]
            if answer.status == 202, route.documentation.body == "Prompt" {
                responses["202"] = ["description": answer.summary, "content": content, "links": links]
            }
        }
        return responses
    }

    /// Where a conversation that has begun leads.
    private var links: [String: Any] {
        let onward = routes.filter { $0.path.contains("{conversation_id}") }.map { route in
            let name = ["conversation_id": "$response.body#/conversation_id"]
            return (route.operationID, ["operationId": route.operationID, "parameters": name] as [String: Any])
        }
        return Dictionary(uniqueKeysWithValues: onward)
    }

    private func pathParameter(_ name: String) -> [String: Any] {
        let schema: [String: Any] =
            switch name {
            case "agent": ["type": "string", "enum": agents.sorted()]
            case "conversation_id": OpenAPISchemas.conversationID
            default: OpenAPISchemas.text
            }
        return ["name": name, "in": "path", "required": true, "schema": schema]
    }

    private static func parameter(_ parameter: RouteDocumentation.Parameter) -> [String: Any] {
        var schema = OpenAPISchemas.text
        if !parameter.values.isEmpty { schema["enum"] = parameter.values }
        if let pattern = parameter.pattern { schema["pattern"] = pattern }
        return [
            "name": parameter.name, "in": parameter.place, "required": false, "description": parameter.summary,
            "schema": schema,
        ]
    }
}

extension Route {
    /// The method and the fixed parts of the path: `getApiRuns`.
    fileprivate var operationID: String {
        path.split(separator: "/").filter { !$0.hasPrefix("{") }.reduce(method.rawValue.lowercased()) { id, part in
            id + part.prefix(1).uppercased() + part.dropFirst()
        }
    }
}
