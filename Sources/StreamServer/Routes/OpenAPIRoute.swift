import Hummingbird

/// `GET /openapi.json`: every route that this server has.
struct OpenAPIRoute: Sendable {
    let routes: [Route]
    let configuration: StreamServerConfiguration

    var route: Route {
        Route(.get, "/openapi.json", .openAPI, door: .open) { _, _, _ in
            let document = OpenAPIDocument(
                routes: routes, hasTokens: configuration.tokens != nil, agents: configuration.agents)
            return .json(bytes: document.bytes)
        }
    }
}
