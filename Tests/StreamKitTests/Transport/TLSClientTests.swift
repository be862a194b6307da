#if TLS
@testable import LocalRedis
import TestSupport
import Testing

@testable import StreamKit

@Suite("TLS: who we are")
struct TLSClientTests {
    private let certificates: TestCertificates
    private let port: Int

    init() throws {
        certificates = try TestCertificates.shared.get()
        port = try #require(LocalSocket.freePort())
    }

    @Test func `the URL carries the options`() async throws {
        try await withTLSServer(certificates, asksForCertificates: true, port: port) { tls in
            let files = "cacert=\(certificates.path("ca.crt"))&cert=\(certificates.path("client.crt"))"
            let url = "rediss://127.0.0.1:\(port)?\(files)&key=\(certificates.path("client.key"))&sni=redis.test"

            try await ping(RedisConfiguration(url: url))
        }
    }

    @Test func `a server that wants a certificate gets the client's, and refuses a client without one`() async throws {
        try await withTLSServer(certificates, asksForCertificates: true, port: port) { tls in
            var configuration = tls.configuration
            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("certificate required") == true, "\(error?.description ?? "")")

            configuration.tls.certificateFile = certificates.path("client.crt")
            configuration.tls.keyFile = certificates.path("client.key")
            try await ping(configuration)
        }
    }

    @Test func `a file that is missing or does not fit is named`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            func message(_ change: (inout TLSOptions) -> Void) async -> String {
                var configuration = tls.configuration
                change(&configuration.tls)
                let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
                return error?.description ?? ""
            }
            let (certificate, key) = (certificates.path("client.crt"), certificates.path("client.key"))
            #expect(await message { $0.authorityFile = "/no/such.crt" }.contains("/no/such.crt"))
            #expect(await message { $0.certificateFile = certificate }.contains("one is missing"))
            #expect(await message { ($0.certificateFile, $0.keyFile) = ("/no.crt", key) }.contains("/no.crt"))
            let wrongKey = certificates.path("server.key")
            #expect(await message { ($0.certificateFile, $0.keyFile) = (certificate, wrongKey) }.contains(wrongKey))
        }
    }
}
#endif
