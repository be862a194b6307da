#if TLS
@testable import LocalRedis
import FaultKit
import TestSupport
import Testing

@testable import StreamKit

@Suite("TLS: who is at the other end")
struct TLSTests {
    private let certificates: TestCertificates
    private let port: Int

    init() throws {
        certificates = try TestCertificates.shared.get()
        port = try #require(LocalSocket.freePort())
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a server with a good certificate for its name or address is accepted`(host: String) async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.endpoint = .tcp(host: host, port: tls.port)

            try await ping(configuration)
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a certificate for another host is refused, unless the name is not verified`(host: String) async throws {
        try await withTLSServer(certificates, certificate: "stranger", port: port) { tls in
            var configuration = tls.configuration
            configuration.endpoint = .tcp(host: host, port: tls.port)

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("mismatch") == true && error?.description.contains("sni") == true)

            configuration.tls.verification = .certificateOnly
            try await ping(configuration)
        }
    }

    @Test func `the caller's own name is verified in place of the host`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.tls.serverName = "redis.test"
            try await ping(configuration)

            configuration.tls.serverName = "evil.test"
            await #expect(throws: StreamKitError.self) { try await ping(configuration) }
        }
    }

    @Test(arguments: ["other.crt", nil])
    func `an unknown authority's certificate is refused, unless nothing is verified`(authority: String?) async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.tls.authorityFile = authority.map(certificates.path)

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("cacert") == true)

            configuration.tls.verification = .certificateOnly
            await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            configuration.tls.verification = .none
            try await ping(configuration)
        }
    }

    @Test func `an expired certificate is refused`() async throws {
        try await withTLSServer(certificates, certificate: "expired", port: port) { tls in
            let error = await #expect(throws: StreamKitError.self) { try await ping(tls.configuration) }

            #expect(error?.description.contains("expired") == true)
        }
    }

    @Test func `the server is told the name, and never an address`() async throws {
        #expect(try await greeting(asking: "redis.test").contains("redis.test"))
        #expect(try await !greeting(asking: "127.0.0.1").contains("127.0.0.1"))
    }

    @Test func `TLS to a port without TLS is an error that says so`() async throws {
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.usesTLS = true
            configuration.timeouts.connect = .seconds(3)

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }

            #expect(error?.description.contains("Is that a TLS port?") == true, "\(error?.description ?? "")")
        }
    }

    @Test func `a connection without TLS to a TLS port is an error`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.usesTLS = false

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("rediss://") == true, "\(error?.description ?? "")")
        }
    }

    /// The first bytes that a server would receive from a client that asks for this name.
    private func greeting(asking name: String) async throws -> String {
        let listener = try OneGreeting()
        var configuration = RedisConfiguration(host: "127.0.0.1", port: listener.port)
        configuration.usesTLS = true
        configuration.tls.serverName = name
        async let received = listener.bytes()
        await #expect(throws: StreamKitError.self) { try await ping(configuration) }
        return await String(decoding: received, as: UTF8.self)
    }
}

/// Connects, asks whether the server is there, and closes.
func ping(_ configuration: RedisConfiguration) async throws {
    let answer = try await withRedis(configuration) { try await $0.send("PING") }
    #expect(answer.text == "PONG")
}
#endif
