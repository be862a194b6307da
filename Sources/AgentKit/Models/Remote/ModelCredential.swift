public import AzureKit

/// How a request shows that it may use a model.
///
/// Printing or dumping a credential does not show the secret.
public enum ModelCredential: Sendable {
    /// Not at all: servers on this machine seldom ask.
    case none
    /// `Authorization: Bearer KEY`, as OpenAI and compatible servers want it.
    case bearer(String)
    /// `api-key: KEY`, as Azure OpenAI wants it.
    case apiKey(String)
    /// `Authorization: Bearer TOKEN`, with a token of an Azure identity for this scope.
    case token(any TokenSource, scope: String)

    /// Where services on Azure say that a token has to be for.
    public static let azureScope = "https://cognitiveservices.azure.com/.default"

    /// Whether a secret can stand in a header: no blanks, and nothing but ASCII.
    static func canBeSent(_ secret: String) -> Bool { secret.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// What to check when a service refuses the credential.
    var hint: String {
        switch self {
        case .none: "No key was sent: set one."
        case .bearer, .apiKey: "Check the key."
        case .token(_, let scope):
            "The identity needs the role 'Cognitive Services OpenAI User' on the resource, which can take minutes to "
                + "arrive; its token was for \(scope)."
        }
    }
}

extension ModelCredential: CustomStringConvertible, CustomReflectable {
    /// The kind, without the secret.
    public var description: String {
        switch self {
        case .none: "none"
        case .bearer: "bearer key"
        case .apiKey: "api-key"
        case .token(_, let scope): "token for \(scope)"
        }
    }

    /// The kind, without the secret.
    public var customMirror: Mirror { Mirror(self, children: ["kind": description]) }
}
