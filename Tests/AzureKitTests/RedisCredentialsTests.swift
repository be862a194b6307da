import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

@testable import AzureKit

@Suite("Credentials for Azure Managed Redis")
struct RedisCredentialsTests {
    @Test func `the user is the object ID of the token, and the token is the password`() async throws {
        let token = AccessToken(value: Self.token(#"{"oid":"0b1e-c7"}"#), expires: .now + 86_400)
        let provider = FakeProvider { _ in token }

        let credentials = try await AzureIdentity(provider).redisCredentials()()

        #expect(credentials.username == "0b1e-c7" && credentials.password == token.value)
        #expect(provider.calls == ["https://redis.azure.com"])
    }

    @Test func `a client is the identity to Redis, and one connection outlives its tokens`() async throws {
        try await withScratchServer { server in
            let admin = Redis(server.configuration)
            defer { admin.close() }
            let provider = FakeProvider { call in
                let token = Self.token(#"{"oid":"id-7","number":\#(call)}"#)
                try await admin.send("ACL", "SETUSER", "id-7", "on", "resetpass", ">\(token)", "~*", "&*", "+@all")
                return AccessToken(value: token, expires: .now + 4)
            }
            var configuration = server.configuration
            configuration.credentialProvider = AzureIdentity(provider).redisCredentials()
            try await withRedis(configuration) { redis in
                let connection = try await redis.send("CLIENT", "ID").integer
                try await eventually("two tokens have been replaced") { provider.calls.count >= 3 }

                #expect(try await redis.send("ACL", "WHOAMI").text == "id-7")
                #expect(try await redis.send("CLIENT", "ID").integer == connection)
                #expect(try await redis.send("INFO", "commandstats").text?.contains("cmdstat_auth:calls=1,") == false)
            }
        }
    }

    @Test(arguments: ["nonsense", token("{}"), token(#"{"sub":"x"}"#)])
    func `a token without an object ID is an error that does not show it`(value: String) async throws {
        let identity = AzureIdentity(FakeProvider { _ in AccessToken(value: value, expires: .now + 86_400) })
        let error = await #expect(throws: AzureIdentityError.self) { try await identity.redisCredentials()() }
        #expect(error?.description.contains("oid") == true && error?.description.contains(value) == false)
    }

    @Test(arguments: [400, 600, 900, 1_200, 3_600, 86_400] as [TimeInterval])
    func `a client renews three minutes before the end at the latest, and not all the time`(life: TimeInterval) {
        let latest = RedisAccess.lifetime(life) / .seconds(1) * 0.85
        #expect(life - latest >= 180 - 0.001 && latest > life / 3)
    }

    @Test func `a token that lives for seconds is used for half of them`() {
        #expect(RedisAccess.lifetime(20) == .seconds(10) && RedisAccess.lifetime(-5) == .seconds(1))
    }

    @Test(
        arguments: [
            ("WRONGPASS invalid username-password pair", "access policy assignment"),
            ("NOAUTH Authentication required.", "AZURE_CLIENT_ID"),
            ("NOPERM this user has no permissions", "'default'"),
        ])
    func `a refusal is told which right is missing`(message: String, advice: String) {
        let error = StreamKitError.server(ServerError(message: message))
        let explanation = RedisAccess.explanation(of: error)
        #expect(explanation.contains(advice) && explanation.contains(message) && !explanation.contains("REDIS_URL"))
    }

    @Test func `other errors of Redis have nothing to do with the identity`() {
        for error in [StreamKitError.server(ServerError(message: "OOM")), .closed] {
            #expect(RedisAccess.explanation(of: error) == error.description)
        }
    }

    private static func token(_ claims: String) -> String {
        let part = Data(claims.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        return "e30.\(part.replacing("=", with: "")).c2ln"
    }
}
