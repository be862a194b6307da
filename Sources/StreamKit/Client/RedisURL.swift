import Foundation

/// Reads a configuration from a `redis://`, `rediss://` or `unix://` URL.
///
/// It is read by hand, because a general URL parser misreads characters in a password: from
/// `redis://:57#secret@host` it would take the host "" and the port 57.
/// Source: <https://www.iana.org/assignments/uri-schemes/prov/redis>
struct RedisURL {
    private(set) var configuration = RedisConfiguration(host: "localhost")

    /// - Returns: `nil` if the text does not begin with a scheme and `://`; a password may hold that, too.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the part it could not read, never a password.
    init?(_ text: Substring) throws {
        func mayBeInScheme(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber || "+-.".contains(character))
        }
        guard let separator = text.firstRange(of: "://"),
            text[..<separator.lowerBound].allSatisfy(mayBeInScheme)
        else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        switch scheme {
        case "redis", "rediss":
            configuration.usesTLS = scheme == "rediss"
            try readTCP(authority, rest)
        case "unix", "redis+unix", "redis+socket":
            try readUnix(authority, rest)
        default:
            throw StreamKitError.invalidInput("'\(scheme)://' does not begin a Redis URL. \(Self.example)")
        }
    }

    private mutating func readTCP(_ authority: Substring, _ rest: Substring) throws {
        let tail = rest.dropFirst(authority.count)
        // None of these has a place here, so they come from a user name or password that was not encoded.
        guard !tail.contains("@"), !tail.contains("#"), authority.count(where: { $0 == "@" }) <= 1 else {
            throw Self.refusal(
                rest.contains("@")
                    ? "has a character in its user name or password that has to be percent-encoded"
                    : "has a '#', which has no place in it unless percent-encoded", Self.encoding)
        }
        let (host, port) = try Self.endpoint(readUser(of: authority))
        let name = try Self.decoded(host, "host")
        configuration.endpoint = .tcp(host: name.isEmpty ? "localhost" : name, port: port ?? 6379)
        let path = tail.prefix { $0 != "?" }
        let database = try Self.decoded(path.dropFirst(), "database")
        let query = try Self.query(tail.dropFirst(path.count + 1))
        configuration.database = try Self.database(database.isEmpty ? query["db"] : database)
        if configuration.usesTLS { configuration.tls = try Self.tlsOptions(query) }
    }

    /// In a socket's path, `#` and `?` stand for themselves, and `%` as well unless two hexadecimal digits follow.
    private mutating func readUnix(_ authority: Substring, _ rest: Substring) throws {
        guard try readUser(of: authority).isEmpty else {
            throw Self.refusal("has a host, which a unix socket does not have")
        }
        var path = rest.dropFirst(authority.count)
        if let mark = path.lastIndex(of: "?"), Self.isQuery(path[path.index(after: mark)...]) {
            configuration.database = try Self.database(Self.query(path[path.index(after: mark)...])["db"])
            path = path[..<mark]
        }
        guard path.count > 1 else { throw Self.refusal("names no socket path") }
        let escaped = path.replacing(/%(?![0-9a-fA-F]{2})/, with: "%25")
        configuration.endpoint = .unix(path: String(escaped).removingPercentEncoding ?? String(path))
    }

    /// Reads user and password, and returns what comes after them.
    private mutating func readUser(of authority: Substring) throws -> Substring {
        guard let at = authority.lastIndex(of: "@") else { return authority }
        let user = authority[..<at]
        let name = user.prefix { $0 != ":" }
        let password = user.dropFirst(name.count + 1)
        configuration.credentials.username = name.isEmpty ? nil : try Self.decoded(name, "user name")
        configuration.credentials.password = password.isEmpty ? nil : try Self.decoded(password, "password")
        return authority[authority.index(after: at)...]
    }

    private static func query(_ text: Substring) throws -> [String: String] {
        let pairs = try text.split(separator: "&").map { item in
            let name = item.prefix { $0 != "=" }
            return (String(name), try decoded(item.dropFirst(name.count + 1), String(name)))
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    /// Whether every part of it is `name=value`; otherwise the question mark belongs to the path.
    private static func isQuery(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.split(separator: "&", omittingEmptySubsequences: false).allSatisfy { item in
                let name = item.prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
                return !name.isEmpty && item.dropFirst(name.count).first == "="
            }
    }

    private static func database(_ text: String?) throws -> Int {
        guard let text, !text.isEmpty else { return 0 }
        guard let number = Self.number(text) else {
            throw Self.refusal("has a database that is not a number")
        }
        return number
    }

    private static func tlsOptions(_ query: [String: String]) throws -> TLSOptions {
        func value(_ name: String) -> String? { query[name].flatMap { $0.isEmpty ? nil : $0 } }
        var options = TLSOptions()
        options.authorityFile = value("cacert")
        options.authorityDirectory = value("cacertdir")
        options.certificateFile = value("cert")
        options.keyFile = value("key")
        options.serverName = value("sni")
        guard let isInsecure = Self.flag(query["insecure"]) else {
            throw Self.refusal("has an option insecure that is neither true nor false")
        }
        if isInsecure { options.verification = .none }
        return options
    }
}
