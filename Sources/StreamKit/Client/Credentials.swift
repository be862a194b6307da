/// Who the client is to the server: an ACL user and its password.
///
/// Source: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>
public struct Credentials: Sendable, Hashable {
    /// The ACL user; `nil` means the default user.
    public var username: String?
    /// The password, or the token of a cloud identity; without user and password no AUTH is sent.
    public var password: String?
    /// How long they are valid, from the moment they were provided; `nil` means until somebody changes them.
    public var lifetime: Duration?

    /// A user and a password, either of which may be left out.
    public init(username: String? = nil, password: String? = nil, lifetime: Duration? = nil) {
        self.username = username
        self.password = password
        self.lifetime = lifetime
    }

    /// Gets the credentials that are valid now, for example a new token.
    ///
    /// It is called when a new connection needs fresh credentials, and before the current ones expire. If it throws,
    /// it is called again later, just as an unreachable server is tried again.
    public typealias Provider = @Sendable () async throws -> Credentials

    /// The AUTH command with its arguments; `nil` if it should not be sent.
    var authentication: [String]? {
        guard username != nil || password != nil else { return nil }
        // A user without a password still has to be named, or we would be the default one.
        return ["AUTH"] + [username, password ?? ""].compactMap { $0 }
    }
}

extension Credentials: CustomStringConvertible, CustomReflectable {
    /// The user, never the password.
    public var description: String { username.map { "user \($0)" } ?? "the default user" }
    /// The user, never the password.
    public var customMirror: Mirror { Mirror(self, children: ["username": username as Any]) }
}
