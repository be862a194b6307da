import Foundation
import HTTPTypes

/// The table of routes as an OpenAPI document.
///
/// Source: <https://spec.openapis.org/oas/v3.1.0>
struct OpenAPIDocument {
    let routes: [Route]

    /// What any request can be answered: it is not well-formed, not allowed, for another host, one too many, or the server
    /// or its Redis is in trouble.
    private static let commonProblems = [400, 403, 421, 429, 500, 503]

    var bytes: Data {
        var paths: [String: [String: Any]] = [:]
        for route in routes { paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route) }
        return EventJSON.bytes(of: [
            "openapi": "3.1.0",
            "info": [
                "title": "StreamServer", "version": "1",
                "description": "Asks agents, and follows their answers from any point on.",
            ],
            "paths": paths, "components": ["schemas": OpenAPISchemas.all],
        ])
    }

    private func operation(_ route: Route) -> [String: Any] {
        let documentation = route.documentation
        let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        var operation: [String: Any] = [
            "summary": documentation.summary, "responses": responses(documentation),
            "parameters": names.map(Self.pathParameter) + documentation.parameters.map(Self.parameter),
        ]
        if documentation.takesPrompt {
            operation["requestBody"] = [
                "required": true,
                "content": [
                    "application/json": ["schema": OpenAPISchemas.reference("Prompt")],
                    "text/plain": ["schema": OpenAPISchemas.text],
                ],
            ]
        }
        return operation
    }

    private func responses(_ documentation: RouteDocumentation) -> [String: Any] {
        var responses: [String: Any] = [:]
        for status in Self.commonProblems + documentation.problems {
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
        }
        return responses
    }

    private static func pathParameter(_ name: String) -> [String: Any] {
        ["name": name, "in": "path", "required": true, "schema": OpenAPISchemas.text]
    }

    private static func parameter(_ parameter: RouteDocumentation.Parameter) -> [String: Any] {
        let schema: [String: Any] =
            parameter.values.isEmpty ? OpenAPISchemas.text : ["type": "string", "enum": parameter.values]
        return [
            "name": parameter.name, "in": parameter.place, "required": false, "description": parameter.summary,
            "schema": schema,
        ]
    }
}
