public import Foundation

// Where Redis is according to the environment: REDIS_URL, REDIS_CONNECTION_STRING or REDIS_HOST.
extension RedisConfiguration {
    /// The configuration that the environment asks for: `REDIS_URL`, else `REDIS_CONNECTION_STRING`, else `REDIS_HOST`.
    ///
    /// `REDIS_PORT` belongs to `REDIS_HOST`; without it the port is 6379. With `REDIS_USE_ENTRA_ID=true` the client is an
    /// identity of Microsoft Entra, which shows a token in place of a password. Then the address needs TLS, `REDIS_HOST`
    /// has it, and its port is 10000, that of Azure Managed Redis.
    ///
    /// - Parameters:
    ///   - environment: the variables; an empty one counts as unset.
    ///   - entra: makes what provides tokens (`TokenSource.redisCredentials()` of AzureKit). It is called only with
    ///     `REDIS_USE_ENTRA_ID=true`, which is refused if this is `nil`.
    /// - Returns: `nil` when no address is set.
    /// - Throws: ``StreamKitError/invalidInput(_:)`` that names the setting which is wrong, or what `entra` throws.
    public static func fromEnvironment(
        _ environment: [String: String] = ProcessInfo.processInfo.environment,
        entra: (() throws -> Credentials.Provider)? = nil
    ) throws -> RedisConfiguration? {
        let settings = RedisSettings(environment)
        var configuration = try settings.address()
        guard try settings.usesEntra else { return configuration }
        try settings.requireTokensFit(configuration)
        guard let entra else {
            throw StreamKitError.invalidInput(
                "REDIS_USE_ENTRA_ID is true, and this program has no tokens: only lesson 5 has. Set it to false.")
        }
        configuration?.credentialProvider = try entra()
        return configuration
    }
}

/// The settings of the environment that say where Redis is.
private struct RedisSettings {
    private let environment: [String: String]

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    func address() throws -> RedisConfiguration? {
        for name in ["REDIS_URL", "REDIS_CONNECTION_STRING"] {
            guard let url = self[name] else { continue }
            return try naming(name) { try RedisConfiguration(url: url) }
        }
        guard let host = self["REDIS_HOST"] else { return nil }
        return try naming("REDIS_HOST") {
            let usesEntra = try usesEntra
            var configuration = RedisConfiguration(host: host, port: try port ?? (usesEntra ? 10_000 : 6_379))
            configuration.usesTLS = usesEntra
            let isName = host.allSatisfy { $0.isLetter || $0.isNumber || "-._:".contains($0) }
            guard isName else { throw StreamKitError.invalidInput("'\(host)' is not the name of a host.") }
            try configuration.validate()
            return configuration
        }
    }

    var usesEntra: Bool {
        get throws {
            let text = self["REDIS_USE_ENTRA_ID"]
            guard let flag = RedisURL.flag(text) else {
                throw StreamKitError.invalidInput("REDIS_USE_ENTRA_ID is '\(text ?? "")'. Set it to true or to false.")
            }
            return flag
        }
    }

    /// Refuses an address that a token cannot go to.
    func requireTokensFit(_ configuration: RedisConfiguration?) throws {
        guard let configuration else {
            throw StreamKitError.invalidInput("REDIS_USE_ENTRA_ID is true, and no Redis is named: set REDIS_HOST.")
        }
        guard configuration.usesTLS else {
            throw StreamKitError.invalidInput(
                "REDIS_USE_ENTRA_ID is true, but \(configuration) is without TLS, and a token must not travel in the "
                    + "open. Set REDIS_HOST, or begin the URL with rediss://.")
        }
        guard configuration.credentials.password == nil else {
            throw StreamKitError.invalidInput(
                "REDIS_USE_ENTRA_ID is true, and the address of Redis holds a password. Remove one of them.")
        }
    }

    private var port: Int? {
        get throws {
            guard let text = self["REDIS_PORT"] else { return nil }
            guard let port = RedisURL.port(text) else {
                throw StreamKitError.invalidInput("REDIS_PORT is '\(text)', which is not a number from 1 to 65535.")
            }
            return port
        }
    }

    private func naming<R>(_ name: String, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch StreamKitError.invalidInput(let reason) {
            throw StreamKitError.invalidInput(reason.hasPrefix("REDIS_") ? reason : "\(name): \(reason)")
        }
    }

    /// What a variable is set to, without white space around it; `nil` if that is nothing.
    private subscript(name: String) -> String? {
        environment[name].map(\.trimmingWhitespace).flatMap { $0.isEmpty ? nil : $0 }
    }
}
