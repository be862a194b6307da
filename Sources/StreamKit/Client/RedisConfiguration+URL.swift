import Foundation

extension RedisConfiguration {
    /// Reads `redis://user:password@host:port/db`, `rediss://…` or `unix:///path/to.sock?db=1`.
    ///
    /// User, password, port (6379) and database (0) may be left out; special characters in them are
    /// percent-encoded. With `rediss`, `?cacert=…&cacertdir=…&cert=…&key=…&sni=…&insecure=true` mean what
    /// redis-cli's options of these names do, see ``TLSOptions``.
    /// Source: <https://www.iana.org/assignments/uri-schemes/prov/redis>
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the part it could not read.
    public init(url: String) throws {
        let example = "Write it like redis://user:password@host:6379/0 or unix:///run/redis.sock?db=0."
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased() else {
            throw StreamKitError.invalidInput("'\(Self.redacted(url))' is not a Redis URL. \(example)")
        }
        switch scheme {
        case "redis", "rediss":
            let host = parts.host.flatMap { $0.isEmpty ? nil : $0 } ?? "localhost"
            guard let port = parts.port ?? (Self.hasPort(url) ? nil : 6379), (1...65535).contains(port) else {
                throw StreamKitError.invalidInput("The Redis URL's port is not a number from 1 to 65535. \(example)")
            }
            self.init(host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: port)
            database = try Self.database(parts.path.dropFirst(), parts, example)
        case "unix", "redis+unix", "redis+socket":
            guard parts.path.count > 1 else {
                throw StreamKitError.invalidInput("The Redis URL names no socket path. \(example)")
            }
            self.init(unixSocket: parts.path)
            database = try Self.database("", parts, example)
        default:
            throw StreamKitError.invalidInput("'\(scheme)://' is not a Redis URL. \(example)")
        }
        usesTLS = scheme == "rediss"
        if usesTLS { tls = try Self.tlsOptions(parts, example) }
        username = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The configuration that the environment asks for: `REDIS_URL`, else `REDIS_CONNECTION_STRING`.
    /// - Returns: `nil` when neither is set.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` when one is set and is no Redis URL.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> RedisConfiguration? {
        let names = ["REDIS_URL", "REDIS_CONNECTION_STRING"]
        guard let name = names.first(where: { environment[$0]?.isEmpty == false }), let url = environment[name] else {
            return nil
        }
        do {
            return try RedisConfiguration(url: url)
        } catch StreamKitError.invalidInput(let reason) {
            throw StreamKitError.invalidInput("\(name): \(reason)")
        }
    }

    private static func database(_ path: Substring, _ parts: URLComponents, _ example: String) throws -> Int {
        let fromQuery = parts.queryItems?.first { $0.name == "db" }?.value
        let text = path.isEmpty ? (fromQuery ?? "") : String(path)
        if text.isEmpty { return 0 }
        guard let number = Int(text), number >= 0 else {
            // In a URL that is written wrong, this may be the part with the password.
            let shown = text.contains { $0 == "@" || $0 == ":" } ? "" : " '\(text)'"
            throw StreamKitError.invalidInput("The Redis URL's database\(shown) is not a number. \(example)")
        }
        return number
    }

    private static func tlsOptions(_ parts: URLComponents, _ example: String) throws -> TLSOptions {
        func value(_ name: String) -> String? {
            parts.queryItems?.first { $0.name == name }?.value.flatMap { $0.isEmpty ? nil : $0 }
        }
        var options = TLSOptions()
        options.authorityFile = value("cacert")
        options.authorityDirectory = value("cacertdir")
        options.certificateFile = value("cert")
        options.keyFile = value("key")
        options.serverName = value("sni")
        switch value("insecure")?.lowercased() {
        case nil, "false", "0", "no": break
        case "true", "1", "yes": options.verification = .none
        default: throw StreamKitError.invalidInput("The Redis URL's insecure is neither true nor false. \(example)")
        }
        return options
    }

    private static func hasPort(_ url: String) -> Bool {
        let authority = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" && $0 != "?" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return host.split(separator: "]").last?.contains(":") == true
    }

    private static func redacted(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        return "…" + url[at...]
    }
}
