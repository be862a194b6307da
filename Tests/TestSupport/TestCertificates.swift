#if TLS
import LocalRedis
import Foundation
import StreamKit

/// Certificates for tests, created by the openssl command in a folder of their own.
///
/// `server` is for localhost, redis.test and 127.0.0.1; `stranger` for another host, `expired` was valid until
/// yesterday, `client` is the client's. Authority `ca` signed them all, authority `other` none.
public final class TestCertificates: Sendable {
    /// The folder that holds `<name>.crt` and `<name>.key`.
    public let folder: String

    /// The certificates of this process, created once and removed when it exits.
    public static let shared: Result<TestCertificates, any Error> = Result {
        // A global's deinit never runs.
        atexit { try? TestCertificates.shared.get().remove() }
        return try TestCertificates()
    }

    /// Creates all of them.
    public init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("streamkit-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
        for name in ["ca", "other"] {
            try openssl("req -x509 -nodes -days 2 -subj /CN=\(name) \(newKey(name)) -out \(name).crt")
        }
        let names = "DNS:localhost,DNS:redis.test,IP:127.0.0.1"
        try sign("server", names: names)
        try sign("stranger", names: "DNS:elsewhere.test,IP:192.0.2.1")
        try sign("expired", names: names, days: -1)
        try sign("client", names: "DNS:client.test")
    }

    deinit { remove() }

    private func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The path of a file in the folder.
    public func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Options that trust the authority that signed everything.
    public var trusting: TLSOptions {
        var options = TLSOptions()
        options.authorityFile = path("ca.crt")
        return options
    }

    private func sign(_ name: String, names: String, days: Int = 2) throws {
        try "subjectAltName=\(names)".write(toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl("req -new -nodes -subj /CN=\(name) \(newKey(name)) -out \(name).csr")
        try openssl(
            "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days \(days) "
                + "-extfile \(name).ext -out \(name).crt")
    }

    private func newKey(_ name: String) -> String {
        "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout \(name).key"
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw NotInTime(description: "openssl \(arguments) failed") }
    }
}

/// A server that speaks TLS on a port, and how to reach it there.
public struct TLSServer: Sendable {
    /// The server itself; its own configuration is without TLS, over its unix socket.
    public let server: LocalRedis
    /// The port that speaks TLS.
    public let port: Int
    /// Reaches the server by TLS as `localhost`, trusting the tests' authority.
    public var configuration: RedisConfiguration
}

/// Runs a test with a server that shows one of the tests' certificates.
public func withTLSServer<R>(
    _ certificates: TestCertificates, certificate: String = "server", asksForCertificates: Bool = false,
    port: Int, _ body: (TLSServer) async throws -> R
) async throws -> R {
    let options = LocalRedis.Options(extraArguments: [
        "--tls-port", "\(port)", "--tls-cert-file", certificates.path("\(certificate).crt"),
        "--tls-key-file", certificates.path("\(certificate).key"), "--tls-ca-cert-file", certificates.path("ca.crt"),
        "--tls-auth-clients", asksForCertificates ? "yes" : "no",
    ])
    return try await withLocalRedis(options: options) { server in
        var configuration = RedisConfiguration(host: "localhost", port: port)
        configuration.usesTLS = true
        configuration.tls = certificates.trusting
        return try await body(TLSServer(server: server, port: port, configuration: configuration))
    }
}
#endif
