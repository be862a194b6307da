import Hummingbird

/// `GET /openapi.json`: every route that this server has.
struct OpenAPIRoute: Sendable {
    let routes: [Route]

    var route: Route {
        Route(.get, "/openapi.json", .openAPI) { [routes] _, _, _ in .json(bytes: OpenAPIDocument(routes: routes).bytes)
        }
    }
}
