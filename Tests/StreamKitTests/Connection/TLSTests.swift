#if TLS
import FaultKit
import Foundation
import TestSupport
import Testing

@testable import StreamKit

@Suite("TLS")
struct TLSTests {
    private static let shared = Result { try TestCertificates() }
    private let certificates: TestCertificates
    private let port: Int

    init() throws {
        certificates = try Self.shared.get()
        port = try #require(LocalSocket.freePort())
    }

    // MARK: Who is at the other end

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a server with a good certificate for its name or address is accepted`(host: String) async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.endpoint = .tcp(host: host, port: tls.port)

            try await ping(configuration)
        }
    }

    @Test func `the URL carries the options`() async throws {
        try await withTLSServer(certificates, asksForCertificates: true, port: port) { tls in
            let files = "cacert=\(certificates.path("ca.crt"))&cert=\(certificates.path("client.crt"))"
            let url = "rediss://127.0.0.1:\(port)?\(files)&key=\(certificates.path("client.key"))&sni=redis.test"

            try await ping(RedisConfiguration(url: url))
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a certificate for another host is refused, unless the name does not matter`(host: String) async throws {
        try await withTLSServer(certificates, certificate: "stranger", port: port) { tls in
            var configuration = tls.configuration
            configuration.endpoint = .tcp(host: host, port: tls.port)

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("mismatch") == true && error?.description.contains("sni") == true)

            configuration.tls.verification = .certificateOnly
            try await ping(configuration)
        }
    }

    @Test func `a name of one's own is verified in place of the host`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.tls.serverName = "redis.test"
            try await ping(configuration)

            configuration.tls.serverName = "evil.test"
            await #expect(throws: StreamKitError.self) { try await ping(configuration) }
        }
    }

    @Test(arguments: ["other.crt", nil])
    func `a certificate by an unknown authority is refused, unless nothing matters`(authority: String?) async throws {
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

    // MARK: Who we are

    @Test func `a server that wants a certificate gets ours, and refuses us without`() async throws {
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

    // MARK: Wrong ports

    @Test func `TLS to a port without TLS says so`() async throws {
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.usesTLS = true
            configuration.connectTimeout = .milliseconds(500)

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }

            #expect(error?.description.contains("Is that a TLS port?") == true, "\(error?.description ?? "")")
        }
    }

    @Test func `no TLS to a port with TLS is an error`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            var configuration = tls.configuration
            configuration.usesTLS = false

            let error = await #expect(throws: StreamKitError.self) { try await ping(configuration) }
            #expect(error?.description.contains("rediss://") == true, "\(error?.description ?? "")")
        }
    }

    // MARK: Work

    @Test func `64 tasks share one connection`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                try await withThrowingTaskGroup { group in
                    for task in 0..<64 {
                        group.addTask {
                            for number in 0..<100 {
                                let text = "\(task):\(number)"
                                try await echo(text, by: redis)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func `commands and replies larger than records and socket buffers arrive whole`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                let large = String(repeating: "0123456789abcdef", count: 512 << 10)
                try await withThrowingTaskGroup { group in
                    for number in 0..<6 {
                        group.addTask { try await echo(large + String(number), by: redis) }
                        group.addTask { try await echo("small", by: redis) }
                    }
                    try await group.waitForAll()
                }
                let results = try await redis.pipeline { batch in
                    for number in 0..<5_000 { batch.append(["n": "\(number)"], to: "stream") }
                }
                #expect(results.count == 5_000)
                let entries = try await redis.stream("stream").entries()
                #expect(entries.last?["n"] == "4999")
            }
        }
    }

    @Test func `a blocking read gets what comes, and can be cancelled`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                let stream = redis.stream("stream")
                let cancelled = Task { try await stream.read(after: .zero, wait: .forever) }
                try await eventually("it blocks") {
                    try await redis.send("INFO", "clients").text?.contains("blocked_clients:1") == true
                }
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }

                async let entries = stream.read(after: .zero, wait: .forever)
                let id = try await stream.append(["n": "1"])
                #expect(try await entries.map(\.id) == [id])
            }
        }
    }

    @Test func `a killed server is found again, and commands go on`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withRedis(tls.configuration) { redis in
                for _ in 0..<3 {
                    _ = try await redis.send("PING")
                    await tls.server.kill()
                    try await tls.server.restart()
                    try await eventually("it answers again") { (try? await redis.send("PING")) != nil }
                }
            }
        }
    }

    @Test func `a follower misses and repeats nothing while sockets are cut within records`() async throws {
        try await withTLSServer(certificates, port: port) { tls in
            try await withCuttingProxy(to: tls.port) { proxy in
                var throughProxy = tls.configuration
                throughProxy.endpoint = .tcp(host: "localhost", port: proxy.port)
                try await withRedis(tls.configuration) { direct in
                    _ = try await direct.pipeline { batch in
                        for number in 0..<2_000 { batch.append(["n": "\(number)"], to: "stream") }
                    }
                }
                // Beyond the handshake, so that each connection brings something.
                proxy.cutNewConnections(afterReplyBytes: 6_000...40_000)
                try await withRedis(throughProxy) { redis in
                    var seen: [String?] = []
                    for try await entry in redis.stream("stream").follow(after: .beginning).prefix(2_000) {
                        seen.append(entry["n"])
                    }
                    #expect(seen == (0..<2_000).map { "\($0)" })
                    #expect(proxy.acceptedConnections > 2)
                }
            }
        }
    }

    // MARK: -

    private func ping(_ configuration: RedisConfiguration) async throws {
        let answer = try await withRedis(configuration) { try await $0.send("PING") }
        #expect(answer.text == "PONG")
    }

    private func echo(_ text: String, by redis: Redis) async throws {
        let answer = try await redis.send("ECHO", text)
        #expect(answer.text == text)
    }

    /// The first bytes that a server would receive from a client that asks for this name.
    private func greeting(asking name: String) async throws -> String {
        let listener = try OneGreeting()
        var configuration = RedisConfiguration(host: "127.0.0.1", port: listener.port)
        configuration.usesTLS = true
        configuration.tls.serverName = name
        async let received = listener.bytes()
        await #expect(throws: StreamKitError.self) { try await ping(configuration) }
        let bytes = await received
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Accepts one connection, takes its first bytes and hangs up.
private struct OneGreeting: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, LocalSocket.stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    func bytes() async -> [UInt8] {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let client = accept(descriptor, nil, nil)
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(client, &bytes, bytes.count, 0)
                close(client)
                close(descriptor)
                continuation.resume(returning: Array(bytes.prefix(max(0, count))))
            }
        }
    }
}
#endif
