import HTTPTypes
import Hummingbird

/// What the sender of a request calls it, so that sending it again does nothing new: `Idempotency-Key`.
struct RequestKey: Hashable, Sendable {
    let text: String

    /// The key of a request; `nil` if it has none.
    init?(of request: Request) throws {
        let values = request.headers[values: .idempotencyKey]
        guard !values.isEmpty else { return nil }
        guard values.count == 1, let text = values.first, (1...255).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Problem.badRequest(
                "malformed_idempotency_key",
                "An Idempotency-Key has 1 to 255 visible ASCII characters. Send one, a new UUID for example.")
        }
        self.text = text
    }
}

extension HTTPField.Name {
    /// What the sender of a request calls it.
    static let idempotencyKey = HTTPField.Name.checked("Idempotency-Key")
    /// Whether the sender waits for the whole response.
    static let waitForResponse = HTTPField.Name.checked("x-ms-wait-for-response")
}
