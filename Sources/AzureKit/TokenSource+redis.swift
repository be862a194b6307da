import Foundation
public import StreamKit

extension TokenSource {
    /// Credentials for Azure Managed Redis: the identity's object ID is the user, and a token is the password.
    ///
    /// A client that has them authenticates again, on living connections, at least three minutes before a token expires.
    /// Source: <https://learn.microsoft.com/azure/redis/entra-for-authentication>
    ///
    /// - Returns: What ``StreamKit/RedisConfiguration/credentialProvider`` takes. It throws an ``AzureIdentityError`` if
    ///   there is no token to be had.
    public func redisCredentials() -> Credentials.Provider {
        {
            let token = try await self.token(for: RedisAccess.scope)
            guard let user = token.objectID else {
                throw AzureIdentityError.refused(
                    "The token for Redis names no object ID (claim oid), which is the user's name in Redis. "
                        + "Does it come from Microsoft Entra?")
            }
            let lifetime = RedisAccess.lifetime(token.expires.timeIntervalSinceNow)
            return Credentials(username: user, password: token.value, lifetime: lifetime)
        }
    }
}

/// What Azure Managed Redis wants of an identity.
public enum RedisAccess {
    /// What the token has to be for.
    public static let scope = "https://redis.azure.com/.default"

    /// The lifetime that a client is told, so that it renews three minutes before the end.
    ///
    /// It renews when 70 to 85 % of a lifetime are over. Of a token that ends in minutes, half is used.
    static func lifetime(_ remaining: TimeInterval) -> Duration {
        .seconds(max(1, remaining / 2, min(remaining, (remaining - 180) / 0.85)))
    }

    /// An error of a client that shows an identity, with what to check; it takes the place of the error's own advice.
    ///
    /// - Parameter error: What StreamKit threw.
    /// - Returns: What happened, and what the identity or the address has to be; the error's own words if it has nothing
    ///   to do with them.
    public static func explanation(of error: StreamKitError) -> String {
        switch error {
        case .server(let refusal):
            guard let advice = advice(onPrefix: refusal.prefix) else { return error.description }
            return "Redis at \(refusal.address) answered \(refusal.command) with: \(refusal.message)\n\(advice)"
        case .cannotConnect:
            return "\(error)\nAzure Managed Redis speaks TLS only, on port 10000 (REDIS_PORT) of "
                + "NAME.REGION.redis.azure.net (REDIS_HOST)."
        default: return error.description
        }
    }

    private static func advice(onPrefix prefix: String) -> String? {
        switch prefix {
        case "WRONGPASS", "NOAUTH":
            "With REDIS_USE_ENTRA_ID the user is the object ID of the identity. Does the database have an access policy "
                + "assignment with that object ID and the policy 'default', is Microsoft Entra authentication on, and "
                + "does AZURE_CLIENT_ID name that identity? A new assignment takes minutes to arrive."
        case "NOPERM":
            "The identity's access policy does not allow that. Assign the policy 'default' of the database to it."
        default: nil
        }
    }
}
