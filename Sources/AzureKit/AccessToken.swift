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
    public var objectID: String? { TokenClaims(of: value)?.oid }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// When it expires.
    public var description: String { "AccessToken(expires \(expires.formatted(.iso8601)))" }
    /// When it expires.
    public var debugDescription: String { description }
    /// When it expires.
    public var customMirror: Mirror { Mirror(self, children: ["expires": expires]) }
}
