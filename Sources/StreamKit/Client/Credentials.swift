/// Who we are for the server: an ACL user and its password.
///
/// Source: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>
public struct Credentials: Sendable, Hashable {
    /// The ACL user; `nil` means the default user.
    public var username: String?
    /// The password, or the token of a cloud identity; without user and password no AUTH is sent.
    public var password: String?
    /// How long they are good for, from the moment they were provided; `nil` means until they are changed by hand.
    public var lifetime: Duration?

    /// A user and a password, either of which may be left out.
    public init(username: String? = nil, password: String? = nil, lifetime: Duration? = nil) {
        self.username = username
        self.password = password
        self.lifetime = lifetime
    }

    /// Gets the credentials that are good now, for example a new token.
    ///
    /// It is asked for every connection whose credentials are no longer fresh, and before a lifetime is over. An error
    /// it throws is tried again, like a server that cannot be reached.
    public typealias Provider = @Sendable () async throws -> Credentials

    /// The arguments of AUTH; `nil` where none is to be sent.
    var authentication: [String]? {
        guard username != nil || password != nil else { return nil }
        // A user without a password still has to be named, or we would be the default one.
        return ["AUTH"] + [username, password ?? ""].compactMap { $0 }
    }
}

extension Credentials: CustomStringConvertible {
    /// The user, never the password.
    public var description: String { username.map { "user \($0)" } ?? "the default user" }
}
