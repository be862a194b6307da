import AzureKit
import Foundation

/// The credential of one request: what goes into its headers, and must not come out anywhere else.
struct SentCredential {
    let header: (name: String, value: String)?
    let token: AccessToken?
    private let secret: String?

    init(_ credential: ModelCredential) async throws {
        switch credential {
        case .none:
            (header, token, secret) = (nil, nil, nil)
        case .bearer(let key):
            (header, token, secret) = (("authorization", "Bearer \(key)"), nil, key)
        case .apiKey(let key):
            (header, token, secret) = (("api-key", key), nil, key)
        case .token(let source, let scope):
            let token = try await Self.token(from: source, scope)
            (header, self.token, secret) = (("authorization", "Bearer \(token.value)"), token, token.value)
        }
        // The HTTP client would refuse the header, and show it.
        guard ModelCredential.canBeSent(secret ?? "") else {
            throw ModelError("The model's key holds a character that a header cannot hold.", mayPass: false)
        }
    }

    /// A text without the secret: services repeat what they were sent.
    func redact(_ text: String) -> String {
        guard let secret, !secret.isEmpty else { return text }
        return text.replacingOccurrences(of: secret, with: "[key]")
    }

    /// An error without the secret, which a service may repeat in the middle of its stream, too.
    func redact(_ error: ModelError) -> ModelError {
        var error = error
        error.description = redact(error.description)
        error.userMessage = redact(error.userMessage)
        return error
    }

    private static func token(from source: any TokenSource, _ scope: String) async throws -> AccessToken {
        do {
            return try await source.token(for: scope)
        } catch let error as AzureIdentityError {
            throw ModelError("There is no token for the model: \(error)", mayPass: error.mayPass)
        }
    }
}
