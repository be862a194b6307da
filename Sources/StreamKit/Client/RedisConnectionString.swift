import Foundation

/// A connection string as .NET programs and Azure write it: `host:6380,password=…,ssl=True,abortConnect=False`.
///
/// Source: <https://stackexchange.github.io/StackExchange.Redis/Configuration#configuration-options>
struct RedisConnectionString {
    private(set) var configuration: RedisConfiguration
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
        guard let (host, port) = try? RedisURL.endpoint(endpoints.first?[...] ?? ""), !host.isEmpty,
            host.allSatisfy({ $0.isLetter || $0.isNumber || "-._:".contains($0) }), port != nil || !pairs.isEmpty
        else { throw StreamKitError.invalidInput("This is not a Redis URL. \(RedisURL.example)") }
        guard endpoints.count == 1 else {
            throw StreamKitError.invalidInput(
                "The connection string names several servers. StreamKit speaks to a single one: keep its address only.")
        }
        configuration = RedisConfiguration(host: String(host))
        try readOptions()
        configuration.endpoint = .tcp(host: String(host), port: port ?? (configuration.usesTLS ? 6380 : 6379))
    }

    private mutating func readOptions() throws {
        let unknown = Set(options.keys).subtracting(Self.known).sorted()
        guard unknown.isEmpty else {
            throw StreamKitError.invalidInput(
                "The connection string has options that StreamKit does not know: \(unknown.joined(separator: ", ")). "
                    + "It knows \(Self.known.sorted().joined(separator: ", ")).")
        }
        configuration.usesTLS = try flag("ssl")
        configuration.tls.serverName = text("sslhost")
        configuration.credentials.username = text("user")
        configuration.credentials.password = text("password")
        configuration.database = try number("defaultdatabase") ?? 0
        if let name = text("name") { configuration.clientName = name }
        if let limit = try number("connecttimeout") { configuration.timeouts.connect = .milliseconds(limit) }
        if let limit = try number("asynctimeout") ?? number("synctimeout") {
            configuration.timeouts.command = .milliseconds(limit)
        }
    }

    /// The options that it understands, then those that are accepted and ignored.
    private static let known: Set<String> = [
        "password", "user", "ssl", "sslhost", "name", "defaultdatabase", "connecttimeout", "asynctimeout",
        "synctimeout",
        "abortconnect", "allowadmin", "channelprefix", "checkcertificaterevocation", "configchannel",
        "configcheckseconds", "connectretry", "heartbeatinterval", "highintegrity", "keepalive", "protocol",
        "resolvedns", "responsetimeout", "setlib", "sslprotocols", "tiebreaker", "version", "writebuffer",
    ]

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
    var trimmingWhitespace: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
