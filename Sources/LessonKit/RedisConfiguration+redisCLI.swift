public import StreamKit

extension RedisConfiguration {
    /// A redis-cli command line for this server, to paste into a shell.
    ///
    /// It always names the server, and asks for a password instead of showing it.
    /// - Parameter words: the command to send; without one redis-cli waits for what is typed.
    /// - Returns: for example `redis-cli -p 7777 CONFIG SET appendonly yes`.
    public func redisCLI(_ words: String...) -> String {
        (["redis-cli"] + addressOptions + credentialOptions + words).map(shellQuoted).joined(separator: " ")
    }

    /// The commands that delete keys, one `DEL` per key, so that a Redis Cluster takes them as well.
    ///
    /// - Parameter keys: at least one key.
    /// - Returns: a line for a shell.
    public func redisCLI(deleting keys: [String]) -> String {
        guard keys.count > 1 else { return redisCLI("DEL", keys.first ?? "") }
        let list = keys.map(shellQuoted).joined(separator: " ")
        return "for key in \(list); do \(redisCLI("DEL")) \"$key\"; done"
    }

    private var addressOptions: [String] {
        var words: [String] = []
        switch endpoint {
        case .unix(let path): words += ["-s", path]
        case .tcp("localhost", let port), .tcp("127.0.0.1", let port): words += ["-p", String(port)]
        case .tcp(let host, let port): words += ["-h", host, "-p", String(port)]
        }
        if database != 0 { words += ["-n", String(database)] }
        return words
    }

    private var credentialOptions: [String] {
        var words: [String] = []
        if usesTLS {
            words.append("--tls")
            if tls.verification == .none { words.append("--insecure") }
            for (option, value) in [
                ("--cacert", tls.authorityFile), ("--cacertdir", tls.authorityDirectory),
                ("--cert", tls.certificateFile), ("--key", tls.keyFile), ("--sni", tls.serverName),
            ] {
                if let value { words += [option, value] }
            }
        }
        if let username = credentials.username { words += ["--user", username] }
        if credentials.password != nil { words.append("--askpass") }
        return words
    }
}
