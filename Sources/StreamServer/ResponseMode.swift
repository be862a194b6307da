import HTTPTypes
import Hummingbird

/// How the sender of a prompt wants to hear of the answer.
enum ResponseMode: Hashable, Sendable {
    /// At once: where it will appear.
    case accepted
    /// When it is complete.
    case whole(isPlain: Bool)
    /// While it is written.
    case stream

    /// Streams for a client that takes `text/event-stream`; waits where the header, the query or the body says so.
    init(of request: Request, _ message: RunMessage) throws {
        let header = request.headers[.waitForResponse]
        let query = request.uri.queryParameters["wait_for_response"].map(String.init)
        let waits = try [header, query].compactMap(\.self).map(Self.truth).first ?? message.waits ?? false
        if request.accepts("text/event-stream") {
            self = .stream
        } else {
            self =
                waits
                ? .whole(isPlain: request.accepts("text/plain") && !request.accepts("application/json")) : .accepted
        }
    }

    private static func truth(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "true", "1": return true
        case "false", "0", "": return false
        default:
            throw Problem.badRequest(
                "malformed_wait_for_response", "wait_for_response is '\(text)'. Send true or false, or leave it out.")
        }
    }
}
