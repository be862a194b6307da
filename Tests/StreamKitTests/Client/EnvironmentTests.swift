import StreamKit
import Testing

@Suite("The Redis that the environment names")
struct EnvironmentTests {
    @Test(
        arguments: [
            (["REDIS_URL": "redis://one", "REDIS_CONNECTION_STRING": "redis://two"], "redis://one:6379/0"),
            (["REDIS_URL": " ", "REDIS_CONNECTION_STRING": "two:6380,ssl=True"], "rediss://two:6380/0"),
            (["REDIS_CONNECTION_STRING": "two:1", "REDIS_HOST": "three"], "redis://two:1/0"),
            (["REDIS_HOST": "three"], "redis://three:6379/0"),
            (["REDIS_HOST": " three ", "REDIS_PORT": "6380", "REDIS_USE_ENTRA_ID": "False"], "redis://three:6380/0"),
            (["REDIS_HOST": "::1", "REDIS_PORT": ""], "redis://[::1]:6379/0"),
            (["REDIS_URL": "", "REDIS_CONNECTION_STRING": "", "REDIS_HOST": "", "REDIS_PORT": "1"], nil), ([:], nil),
        ] as [([String: String], String?)])
    func `comes from a URL, else a connection string, else a host and a port`(
        environment: [String: String], address: String?
    ) throws {
        #expect(try RedisConfiguration.fromEnvironment(environment)?.description == address)
    }

    @Test(
        arguments: [
            (["REDIS_HOST": "three"], "rediss://three:10000/0"),
            (["REDIS_HOST": "three", "REDIS_PORT": "6380"], "rediss://three:6380/0"),
            (["REDIS_URL": "rediss://one:7"], "rediss://one:7/0"),
            (["REDIS_CONNECTION_STRING": "two:8,ssl=True,abortConnect=False"], "rediss://two:8/0"),
        ])
    func `takes the credentials of an identity where REDIS_USE_ENTRA_ID is true`(
        environment: [String: String], address: String
    ) async throws {
        let environment = environment.merging(["REDIS_USE_ENTRA_ID": "True"]) { $1 }
        let configuration = try RedisConfiguration.fromEnvironment(environment) { { Credentials(username: "ann") } }
        #expect(configuration?.description == address)
        #expect(try await configuration?.credentialProvider?().username == "ann")
    }

    @Test(
        arguments: [
            (["REDIS_HOST": "h"], "no tokens"), (["REDIS_HOST": ""], "set REDIS_HOST"),
            (["REDIS_URL": "redis://h"], "without TLS"), (["REDIS_URL": "unix:///s"], "without TLS"),
            (["REDIS_URL": "rediss://:secret@h"], "holds a password"),
        ])
    func `refuses an identity that cannot be used`(environment: [String: String], reason: String) {
        let environment = environment.merging(["REDIS_USE_ENTRA_ID": "1"]) { $1 }
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration.fromEnvironment(environment) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "no error")")
        #expect(error?.description.contains("secret") == false)
    }

    @Test(
        arguments: [
            (["REDIS_PORT": "x"], "REDIS_PORT is 'x'"), (["REDIS_PORT": "0"], "REDIS_PORT is '0'"),
            (["REDIS_USE_ENTRA_ID": "maybe"], "REDIS_USE_ENTRA_ID is 'maybe'"),
            (["REDIS_HOST": "redis://h"], "REDIS_HOST: 'redis://h'"), (["REDIS_URL": "nonsense"], "REDIS_URL: "),
        ])
    func `names the setting that is wrong`(environment: [String: String], reason: String) {
        let environment = ["REDIS_HOST": "h"].merging(environment) { $1 }
        let error = #expect(throws: StreamKitError.self) { try RedisConfiguration.fromEnvironment(environment) }
        #expect(error?.description.hasPrefix(reason) == true, "\(error?.description ?? "no error")")
    }

    @Test func `on a node of a cluster, Azure's setting for it is named`() {
        #expect(ServerError(message: "MOVED 1 h:2").description.contains("EnterpriseCluster"))
    }
}
