import Hummingbird

/// `GET /openapi.json`: every route that this server has.
struct OpenAPIRoute: Sendable {
    let routes: [Route]
    let hasTokens: Bool

    var route: Route {
        Route(.get, "/openapi.json", .openAPI, door: .open) { [routes, hasTokens] _, _, _ in
            .json(bytes: OpenAPIDocument(routes: routes, hasTokens: hasTokens).bytes)
        }
    }
}
