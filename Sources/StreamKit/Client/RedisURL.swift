import Foundation

/// The parts of a `redis://`, `rediss://` or `unix://` URL, percent-encoding undone.
///
/// It is parsed by hand, because a general URL parser misreads characters in a password: from
/// `redis://:57#secret@host` it would take the host "" and the port 57.
/// Source: <https://www.iana.org/assignments/uri-schemes/prov/redis>
struct RedisURL {
    let scheme: String
    private(set) var username: String?
    private(set) var password: String?
    /// Empty where the URL names none.
    private(set) var host = ""
    private(set) var port: Int?
    /// What follows the host: a database's number, or the path of a unix socket.
    private(set) var path = ""
    private(set) var query: [String: String] = [:]

    /// Whether the scheme is one for unix sockets.
    var isUnix: Bool { ["unix", "redis+unix", "redis+socket"].contains(scheme) }

    /// - Returns: `nil` if the text does not begin with a scheme and `://`; a password may hold that, too.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the part it could not read, never a password.
    init?(_ text: Substring) throws {
        func mayBeInScheme(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber || "+-.".contains(character))
        }
        guard let separator = text.firstRange(of: "://"),
            text[..<separator.lowerBound].allSatisfy(mayBeInScheme)
        else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        try isUnix ? readUnix(authority, rest) : readTCP(authority, rest)
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
        try readHost(readUser(of: authority))
        let path = tail.prefix { $0 != "?" }
        self.path = try Self.decoded(path.dropFirst(), "database")
        try readQuery(tail.dropFirst(path.count + 1))
    }

    /// In a socket's path, `#` and `?` stand for themselves, and `%` as well unless two hexadecimal digits follow.
    private mutating func readUnix(_ authority: Substring, _ rest: Substring) throws {
        guard try readUser(of: authority).isEmpty else {
            throw Self.refusal("has a host, which a unix socket does not have")
        }
        var path = rest.dropFirst(authority.count)
        if let mark = path.lastIndex(of: "?"), Self.isQuery(path[path.index(after: mark)...]) {
            try readQuery(path[path.index(after: mark)...])
            path = path[..<mark]
        }
        let escaped = path.replacing(/%(?![0-9a-fA-F]{2})/, with: "%25")
        self.path = String(escaped).removingPercentEncoding ?? String(path)
    }

    /// Reads user and password, and returns what comes after them.
    private mutating func readUser(of authority: Substring) throws -> Substring {
        guard let at = authority.lastIndex(of: "@") else { return authority }
        let user = authority[..<at]
        let name = user.prefix { $0 != ":" }
        username = try Self.nonEmpty(Self.decoded(name, "user name"))
        password = try Self.nonEmpty(Self.decoded(user.dropFirst(name.count + 1), "password"))
        return authority[authority.index(after: at)...]
    }

    private mutating func readHost(_ text: Substring) throws {
        var port = text[text.endIndex...]
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Self.refusal("has a '[' without a ']'") }
            host = try Self.decoded(text[..<end].dropFirst(), "host")
            port = text[end...].dropFirst()
        } else {
            let name = text.prefix { $0 != ":" }
            host = try Self.decoded(name, "host")
            port = text.dropFirst(name.count)
        }
        guard !port.isEmpty else { return }
        guard port.hasPrefix(":"), let number = Self.port(port.dropFirst()) else {
            throw Self.refusal("has a port that is not a number from 1 to 65535")
        }
        self.port = number
    }

    private mutating func readQuery(_ text: Substring) throws {
        for item in text.split(separator: "&") {
            let name = item.prefix { $0 != "=" }
            let value = try Self.decoded(item.dropFirst(name.count + 1), String(name))
            query[String(name)] = query[String(name)] ?? value
        }
    }

    /// Whether every part of it is `name=value`; otherwise the question mark belongs to the path.
    private static func isQuery(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.split(separator: "&", omittingEmptySubsequences: false).allSatisfy { item in
                let name = item.prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
                return !name.isEmpty && item.dropFirst(name.count).first == "="
            }
    }
}

extension RedisURL {
    static let example = "Write it like redis://user:password@host:6379/0 or unix:///run/redis.sock?db=0."
    private static let encoding =
        "Percent-encode it, for example # as %23, / as %2F, ? as %3F, @ as %40 and % as %25."

    /// The error for a URL that says `problem`, in a sentence that begins "The Redis URL".
    static func refusal(_ problem: String, _ advice: String = example) -> StreamKitError {
        .invalidInput("The Redis URL \(problem). \(advice)")
    }

    static func number(_ digits: Substring) -> Int? {
        digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }

    static func port(_ digits: Substring) -> Int? {
        number(digits).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    /// The value of a setting that is on or off; off where it is not set, and `nil` for anything else.
    static func flag(_ text: String?) -> Bool? {
        switch text?.lowercased() {
        case nil, "", "false", "no", "0": false
        case "true", "yes", "1": true
        default: nil
        }
    }

    private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }

    private static func decoded(_ text: Substring, _ part: String) throws -> String {
        guard let decoded = String(text).removingPercentEncoding else {
            throw refusal(
                "has a % in its \(part) that two hexadecimal digits do not follow, or that is not UTF-8", encoding)
        }
        return decoded
    }

    /// The text with those characters percent-encoded that would mean something else in a URL.
    static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
        text.unicodeScalars.map { scalar in
            let isPlain =
                !(scalar.isASCII ? scalar.value <= 32 || scalar.value == 127 : scalar.properties.isWhitespace)
                && !"%#?@:[]\"'\\".unicodeScalars.contains(scalar) && (keepingSlashes || scalar != "/")
            guard !isPlain else { return String(scalar) }
            return String(scalar).utf8.map { "%" + $0.hexDigits.uppercased() }.joined()
        }.joined()
    }
}
