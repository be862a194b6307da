import Foundation
import Hummingbird
import NIOCore

/// What the body of a run request says: a text, maybe the conversation it belongs to, and whether its sender waits.
struct RunMessage: Sendable {
    let text: String
    let conversation: ConversationID?
    let waits: Bool?

    /// Reads `text/plain`, or JSON `{"message": …, "session_id": …, "wait_for_response": …}`.
    init(reading request: Request, limit: Int) async throws {
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased() ?? "text/plain"
        let isJSON = type.trimmingCharacters(in: .whitespaces) == "application/json"
        guard isJSON || type.trimmingCharacters(in: .whitespaces) == "text/plain" else {
            throw Problem(
                status: .unsupportedMediaType, code: "unsupported_media_type",
                message: "The body is \(type). Send text/plain, or application/json with a \"message\"; "
                    + "with curl: -H 'Content-Type: text/plain'.")
        }
        let size = isJSON ? Self.maximumBodySize(for: limit) : limit
        let body = try await Self.collect(request, upTo: size, limit: limit)
        (text, conversation, waits) = isJSON ? try Self.decode(body) : (try Self.text(body), nil, nil)
        guard text.utf8.count <= limit else { throw Self.tooLarge(limit) }
        guard !text.allSatisfy(\.isWhitespace) else {
            throw Problem.badRequest("empty_message", "The message is empty. Send the prompt as the request's body.")
        }
    }

    /// How many bytes a body may have whose message may have the given number.
    ///
    /// In JSON a byte of the message may need six ("\u0000"), and the names need some too.
    static func maximumBodySize(for messageSize: Int) -> Int { 6 * messageSize + 1_024 }

    private static func collect(_ request: Request, upTo size: Int, limit: Int) async throws -> [UInt8] {
        // A client that announces too much is told before it sends it.
        if let announced = request.headers[.contentLength], Int(announced).map({ $0 > size }) ?? true {
            throw tooLarge(limit)
        }
        do {
            return Array(buffer: try await request.body.collect(upTo: size))
        } catch is NIOTooManyBytesError {
            throw tooLarge(limit)
        }
    }

    private static func text(_ body: [UInt8]) throws -> String {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw Problem.badRequest("not_utf8", "The message is not UTF-8. Encode it as UTF-8 and send it again.")
        }
        return text
    }

    private struct Body: Decodable {
        let message: String
        let session_id: String?
        /// What `session_id` was called before.
        let thread_id: String?
        let wait_for_response: Bool?
    }

    private static func decode(_ body: [UInt8]) throws -> (String, ConversationID?, Bool?) {
        _ = try text(body)
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)) else {
            throw Problem.badRequest(
                "malformed_json",
                "The body is not the JSON expected here. Send {\"message\": \"…\"}, and \"session_id\": \"…\" to go on "
                    + "with a conversation.")
        }
        if let session = body.session_id, let thread = body.thread_id, session != thread {
            throw Problem.badRequest(
                "different_sessions", "The session_id and the thread_id differ. They mean the same: send one of them.")
        }
        guard let name = body.session_id ?? body.thread_id else { return (body.message, nil, body.wait_for_response) }
        guard let conversation = ConversationID(name) else {
            throw Problem.badRequest(
                body.session_id == nil ? "malformed_thread_id" : "malformed_session_id",
                "A \(body.session_id == nil ? "thread_id" : "session_id") has 1 to 128 letters, digits, '-', '_' or '.'. "
                    + "Use the conversation_id of an earlier run.")
        }
        return (body.message, conversation, body.wait_for_response)
    }

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, code: "message_too_large",
            message: "The message is larger than \(limit) bytes. Send a shorter one.")
    }
}
