/// A connection string as .NET programs and Azure write it: `host:6380,password=…,ssl=True,abortConnect=False`.
///
/// Source: <https://stackexchange.github.io/StackExchange.Redis/Configuration#configuration-options>
struct RedisConnectionString {
    private let host: String
    private let port: Int?
    /// The options by name, in lower case.
    private let options: [String: Substring]

    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the part it could not read, never a password.
    init(_ text: Substring) throws {
        let parts = text.split(separator: ",").map { $0.trimmingWhitespace }
        let endpoints = parts.filter { !$0.contains("=") }
        let pairs = parts.filter { $0.contains("=") }.map { option in
            let name = option.prefix { $0 != "=" }
            return (name.trimmingWhitespace.lowercased(), option.dropFirst(name.count + 1))
        }
        options = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        guard let endpoint = endpoints.first, let (host, port) = Self.endpoint(endpoint), port != nil || !pairs.isEmpty
        else { throw StreamKitError.invalidInput("This is not a Redis URL. \(RedisURL.example)") }
        guard endpoints.count == 1 else {
            throw StreamKitError.invalidInput(
                "The connection string names several servers. StreamKit speaks to a single one: keep its address only.")
        }
        (self.host, self.port) = (host, port)
        let unknown = Set(options.keys).subtracting(Self.known).sorted()
        guard unknown.isEmpty else {
            throw StreamKitError.invalidInput(
                "The connection string has options that StreamKit does not know: \(unknown.joined(separator: ", ")). "
                    + "It knows \(Self.known.sorted().joined(separator: ", ")).")
        }
    }

    /// The configuration that it describes.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the option it could not read.
    func configuration() throws -> RedisConfiguration {
        let usesTLS = try flag("ssl")
        var result = RedisConfiguration(host: host, port: port ?? (usesTLS ? 6380 : 6379))
        result.usesTLS = usesTLS
        result.tls.serverName = text("sslhost")
        result.credentials.username = text("user")
        result.credentials.password = text("password")
        result.database = try number("defaultdatabase") ?? 0
        if let name = text("name") { result.clientName = name }
        if let limit = try number("connecttimeout") { result.timeouts.connect = .milliseconds(limit) }
        if let limit = try number("asynctimeout") ?? number("synctimeout") {
            result.timeouts.command = .milliseconds(limit)
        }
        return result
    }

    /// The options that it understands, then those that are accepted and ignored.
    private static let known: Set<String> = [
        "password", "user", "ssl", "sslhost", "name", "defaultdatabase", "connecttimeout", "asynctimeout",
        "synctimeout",
        "abortconnect", "allowadmin", "channelprefix", "checkcertificaterevocation", "configchannel",
        "configcheckseconds", "connectretry", "heartbeatinterval", "highintegrity", "keepalive", "protocol",
        "resolvedns", "responsetimeout", "setlib", "sslprotocols", "tiebreaker", "version", "writebuffer",
    ]

    /// `host`, `host:port` or `[::1]:port`.
    private static func endpoint(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            guard let number = RedisURL.port(text[text.index(after: colon)...]) else { return nil }
            (host, port) = (text[..<colon], number)
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        let isName = host.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) || (isBracketed && $0 == ":") }
        return isName && !host.isEmpty ? (String(host), port) : nil
    }

    private func text(_ name: String) -> String? {
        options[name].flatMap { $0.isEmpty ? nil : String($0) }
    }

    private func flag(_ name: String) throws -> Bool {
        guard let flag = RedisURL.flag(text(name)) else {
            throw StreamKitError.invalidInput("The connection string's \(name) is neither True nor False.")
        }
        return flag
    }

    private func number(_ name: String) throws -> Int? {
        guard let digits = options[name], !digits.isEmpty else { return nil }
        guard let number = RedisURL.number(digits.trimmingWhitespace), number <= Int32.max else {
            throw StreamKitError.invalidInput("The connection string's \(name) is not a number.")
        }
        return number
    }
}

extension StringProtocol {
    /// The text without white space at either end.
    var trimmingWhitespace: Substring {
        var rest = Substring(self).drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
