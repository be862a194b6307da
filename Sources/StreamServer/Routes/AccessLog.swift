import HTTPTypes
import Hummingbird
import Logging

/// One line per request, at level `info`, without tokens and signatures.
enum AccessLog {
    /// Writes the line when an answer begins: a stream goes on after that.
    static func write(
        _ request: Request, _ status: HTTPResponse.Status, _ context: APIContext, _ duration: Duration
    ) {
        context.logger.info(
            "\(request.method) \(target(of: request)) \(status.code)",
            metadata: ["address": "\(context.remoteAddress)", "seconds": "\(duration / .seconds(1))"])
    }

    /// What may be told of a query: all others of its values may be secrets, or hold anything.
    private static let harmless: Set<Substring> = [
        "cursor", "lastEventId", "from", "view", "events", "isolation", "wait_for_response", "when_busy", "expires",
        "after",
    ]

    private static func target(of request: Request) -> String {
        let target = request.head.path ?? "/"
        guard let mark = target.firstIndex(of: "?") else { return target }
        let query = target[target.index(after: mark)...].split(separator: "&").map { pair in
            guard let equals = pair.firstIndex(of: "=") else { return "REDACTED" as Substring }
            return harmless.contains(pair[..<equals]) ? pair : pair[...equals] + "REDACTED"
        }
        return target[..<mark] + "?" + query.joined(separator: "&")
    }
}
