import Crypto
import Foundation
import Hummingbird

/// Signs links that let somebody without a token watch one conversation for a while.
///
/// A browser's `EventSource` needs them, since it cannot send a header. The signature is the HMAC-SHA256 of the
/// conversation and of the second at which the link expires. Source: <https://www.rfc-editor.org/rfc/rfc2104>
struct ViewerLinks: Sendable {
    private let key: SymmetricKey
    /// How long a link may be used; what it has opened goes on.
    let lifetime: Duration

    /// Takes a key that several processes share, or makes one that is known to this process alone.
    init(key: String?, lifetime: Duration) {
        self.key = key.map { SymmetricKey(data: SHA256.hash(data: Data($0.utf8))) } ?? SymmetricKey(size: .bits256)
        self.lifetime = lifetime
    }

    /// What makes the URL of a conversation a link.
    func query(for conversation: String, now: Date = Date()) -> (text: String, expires: Int) {
        let expires = Int(now.timeIntervalSince1970) + Int(lifetime.components.seconds)
        let code = HMAC<SHA256>.authenticationCode(for: Self.message(conversation, "\(expires)"), using: key)
        let signature = Data(code).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        return ("expires=\(expires)&signature=\(signature)", expires)
    }

    /// Whether a request has a link to the conversation that is still good.
    ///
    /// The signature is compared in constant time.
    func admit(_ request: Request, to conversation: String) -> Bool {
        let query = request.uri.queryParameters
        return isGood(query["signature"], until: query["expires"], for: conversation)
    }

    func isGood(
        _ signature: Substring?, until expires: Substring?, for conversation: String, now: Date = Date()
    ) -> Bool {
        guard let signature, let expires else { return false }
        let base64 = signature.replacing("-", with: "+").replacing("_", with: "/")
        guard let code = Data(base64Encoded: base64 + "="), let time = Int(expires),
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Self.message(conversation, String(expires)), using: key)
        else { return false }
        return time > Int(now.timeIntervalSince1970)
    }

    private static func message(_ conversation: String, _ expires: String) -> Data {
        Data("viewer\n\(conversation)\n\(expires)".utf8)
    }
}
