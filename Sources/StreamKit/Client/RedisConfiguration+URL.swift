// A configuration from a URL, and what all readers of addresses need.

import Foundation

extension RedisConfiguration {
    /// Reads `redis://user:password@host:port/db`, `rediss://…`, `unix:///path/to.sock?db=1`, or a connection string
    /// as .NET writes it (`host:6380,password=…,ssl=True`).
    ///
    /// User, password, port (6379) and database (0) may be left out; special characters in them are
    /// percent-encoded. In the path of a unix socket, `#` and `?` stand for themselves, and `%25` means `%`.
    /// With `rediss`, `?cacert=…&cacertdir=…&cert=…&key=…&sni=…&insecure=true` mean what redis-cli's options of
    /// these names do, see ``TLSOptions``.
    ///
    /// - Parameter url: the text; white space around it is ignored.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the part it could not read, and shows no password.
    public init(url: String) throws {
        let text = url.trimmingWhitespace[...]
        self = try RedisURL(text)?.configuration ?? RedisConnectionString(text).configuration
        try validate()
    }
}

extension RedisURL {
    static let example = "Write it like redis://user:password@host:6379/0 or unix:///run/redis.sock?db=0."
    static let encoding =
        "Percent-encode it, for example # as %23, / as %2F, ? as %3F, @ as %40 and % as %25."

    /// The error for a URL that says `problem`, in a sentence that begins "The Redis URL".
    static func refusal(_ problem: String, _ advice: String = example) -> StreamKitError {
        .invalidInput("The Redis URL \(problem). \(advice)")
    }

    /// Reads `host`, `host:port` or `[::1]:port`, where the host may be empty.
    static func endpoint(_ text: Substring) throws -> (host: Substring, port: Int?) {
        var host = text.prefix { $0 != ":" }
        var port = text.dropFirst(host.count)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw refusal("has a '[' without a ']'") }
            (host, port) = (text[..<end].dropFirst(), text[end...].dropFirst())
        }
        guard !port.isEmpty else { return (host, nil) }
        guard port.hasPrefix(":"), let number = Self.port(port.dropFirst()) else {
            throw refusal("has a port that is not a number from 1 to 65535")
        }
        return (host, number)
    }

    static func number(_ digits: some StringProtocol) -> Int? {
        digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }

    static func port(_ digits: some StringProtocol) -> Int? {
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

    static func decoded(_ text: Substring, _ part: String) throws -> String {
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
