public import Foundation

/// A token of Microsoft Entra: until it expires, anybody who holds it can act as the identity.
///
/// It is a secret. Printing or dumping an access token shows when it expires, not the token.
public struct AccessToken: Hashable, Sendable {
    /// What goes into `Authorization: Bearer …`, or into the password of Redis.
    public let value: String
    /// When services stop accepting it.
    public let expires: Date

    /// Creates a token.
    public init(value: String, expires: Date) {
        self.value = value
        self.expires = expires
    }

    /// The object ID of the identity, which is its user name in Redis (claim `oid`).
    ///
    /// It is read without checking the signature, which only the service that the token is for can do.
    ///
    /// - Returns: `nil` if the token is not a JSON Web Token, or names no object.
    public var objectID: String? {
        struct Claims: Decodable { let oid: String? }
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = Data(base64URL: parts[1]) else { return nil }
        return try? JSONDecoder().decode(Claims.self, from: claims).oid
    }
}

extension Data {
    /// Decodes Base64 in the alphabet of URLs, which has `-` and `_` and no padding.
    fileprivate init?(base64URL text: some StringProtocol) {
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
    }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// When it expires.
    public var description: String { "AccessToken(expires \(expires.formatted(.iso8601)))" }
    /// When it expires.
    public var debugDescription: String { description }
    /// When it expires.
    public var customMirror: Mirror { Mirror(self, children: ["expires": expires]) }
}
