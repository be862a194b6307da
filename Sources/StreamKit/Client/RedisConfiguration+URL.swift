// A configuration from a URL.
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
        let text = url.trimmingWhitespace
        if let parts = try RedisURL(text) {
            try self.init(parts)
        } else {
            self = try RedisConnectionString(text).configuration()
        }
        try validate()
    }

    private init(_ parts: RedisURL) throws {
        switch parts.scheme {
        case "redis", "rediss":
            self.init(host: parts.host.isEmpty ? "localhost" : parts.host, port: parts.port ?? 6379)
            database = try Self.database(parts.path.isEmpty ? parts.query["db"] : parts.path)
        case _ where parts.isUnix:
            guard parts.path.count > 1 else { throw RedisURL.refusal("names no socket path") }
            self.init(unixSocket: parts.path)
            database = try Self.database(parts.query["db"])
        default:
            throw StreamKitError.invalidInput("'\(parts.scheme)://' does not begin a Redis URL. \(RedisURL.example)")
        }
        usesTLS = parts.scheme == "rediss"
        if usesTLS { tls = try Self.tlsOptions(parts.query) }
        credentials = Credentials(username: parts.username, password: parts.password)
    }

    private static func database(_ text: String?) throws -> Int {
        guard let text, !text.isEmpty else { return 0 }
        guard let number = RedisURL.number(text[...]) else {
            throw RedisURL.refusal("has a database that is not a number")
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
        guard let isInsecure = RedisURL.flag(query["insecure"]) else {
            throw RedisURL.refusal("has an option insecure that is neither true nor false")
        }
        if isInsecure { options.verification = .none }
        return options
    }
}
