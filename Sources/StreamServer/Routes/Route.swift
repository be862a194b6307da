import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// One line of the API: a method, a path and what answers it.
struct Route: Sendable {
    typealias Answer = @Sendable (Request, _ parameters: [String], APIContext) async throws -> Response

    let method: HTTPRequest.Method
    /// For example `/api/agents/{agent}/run`; a part in braces stands for any text.
    let path: String
    /// What it asks of its callers.
    let door: Door
    /// What the OpenAPI document says of it.
    let documentation: RouteDocumentation
    let answer: Answer
    private let parts: [Substring]

    init(
        _ method: HTTPRequest.Method, _ path: String, _ documentation: RouteDocumentation? = nil,
        door: Door = .token, _ answer: @escaping Answer
    ) {
        self.documentation = documentation ?? RouteDocumentation(summary: "\(method) \(path)")
        self.door = door
        self.method = method
        self.path = path
        self.answer = answer
        parts = path.split(separator: "/")
    }

    /// What the path of a request has in the places of the braces, or nil if it is another path.
    func parameters(of path: [String]) -> [String]? {
        guard path.count == parts.count else { return nil }
        var parameters: [String] = []
        for (part, text) in zip(parts, path) {
            if part.hasPrefix("{") { parameters.append(text) } else if part != text { return nil }
        }
        return parameters
    }

    /// The methods that work on this path: `HEAD` gets what `GET` gets, without the body.
    var methods: [HTTPRequest.Method] {
        method == .get ? [.get, .head] : [method]
    }
}

/// What is known of a request beside the request.
struct APIContext: Sendable {
    /// Who sent the request.
    var caller = Caller.anybody
    /// The address that the connection comes from, without its port.
    let remoteAddress: String
    /// The connection.
    let channel: any Channel
    let logger: Logger

    init(channel: any Channel, logger: Logger) {
        self.channel = channel
        self.logger = logger
        remoteAddress = channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
