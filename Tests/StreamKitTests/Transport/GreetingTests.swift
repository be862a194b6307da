import LocalRedis
import FaultKit
import Foundation
import StreamKit
import Synchronization
import TestSupport
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("A server that refuses the greeting")
struct GreetingTests {
    @Test func `protected mode is DENIED, and says what to do`() async throws {
        let refusal = "-DENIED Redis is running in protected mode because no password is set.\r\n"
        try await withScriptedServer { _ in
            .lastBytes(Array(refusal.utf8))
        } _: { server in
            await expectDenial(by: RedisConfiguration(host: "127.0.0.1", port: server.port))
        }
        #if os(Linux)
        // Redis denies only connections over a network; on a machine without one only the script runs.
        guard let address = networkAddress() else { return }
        let options = LocalRedis.Options(tcp: true, extraArguments: ["--bind", address, "--protected-mode", "yes"])
        try await withScratchServer(options) { server in
            await expectDenial(by: RedisConfiguration(host: address, port: try #require(server.port)))
        }
        #endif
    }

    private func expectDenial(by server: RedisConfiguration) async {
        let error = await refusal(from: server) { try await $0.send("PING") }

        #expect(error?.prefix == "DENIED")
        #expect(error?.address == "\(server)")
        #expect(error?.description.contains("password") == true)
        #expect(error?.isTransient == false)
    }

    @Test func `a database that it does not have is refused by SELECT, in every connection`() async throws {
        try await withScratchServer { server in
            var configuration = server.configuration
            configuration.database = 16

            let shared = await refusal(from: configuration) { try await $0.send("PING") }
            let blocking = await refusal(from: configuration) {
                try await $0.stream("s").read(after: .zero, wait: .forever)
            }
            configuration.database = 15
            let answer = try await withRedis(configuration) { try await $0.send("PING").text }

            for error in [shared, blocking] {
                #expect((error?.prefix, error?.command) == ("ERR", "SELECT"))
                #expect(error?.description.contains("CONFIG GET databases") == true)
            }
            #expect(answer == "PONG")
        }
    }

    @Test func `a database that the next server lacks fails commands at once, until one comes that has it`()
        async throws
    {
        let small = LocalRedis.Options(tcp: true, extraArguments: ["--databases", "2"])
        try await withScratchServer { large in
            try await withScratchServer(small) { small in
                try await withCuttingProxy(to: try #require(large.port)) { proxy in
                    var configuration = RedisConfiguration(host: "127.0.0.1", port: proxy.port)
                    configuration.database = 3
                    try await withRedis(configuration) { redis in
                        _ = try await redis.send("PING")
                        proxy.retarget(to: try #require(small.port))
                        proxy.cutAll()
                        try await eventually("SELECT is refused") {
                            let error = await #expect(throws: StreamKitError.self) { try await redis.send("PING") }
                            return error?.description.contains("SELECT") == true
                        }
                        proxy.retarget(to: try #require(large.port))

                        #expect(try await redis.send("PING").text == "PONG")
                    }
                }
            }
        }
    }

    @Test func `one that hangs up without a word may want TLS`() async throws {
        try await withScriptedServer { _ in
            .lastBytes([])
        } _: { server in
            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) {
                    try await $0.send("PING")
                }
            }

            #expect(error?.description.contains("rediss://") == true, "\(error as Any)")
        }
    }

    @Test func `is told user and password with the zero bytes in them, and not a byte more`() async throws {
        let asked = Mutex<[[String]]>([])
        try await withScriptedServer { words in
            asked.withLock { $0.append(words) }
            return .greeting(words)
        } _: { server in
            let configuration = try RedisConfiguration(url: "redis://u%00v:a%00bbb@127.0.0.1:\(server.port)")

            _ = try await withRedis(configuration) { try await $0.send("PING") }
        }

        #expect(asked.withLock { $0.first } == ["AUTH", "u\0v", "a\0bbb"])
    }

    @Test(arguments: [
        RedisConfiguration(host: "127.0.0.1\0.example"), RedisConfiguration(unixSocket: "/tmp/a\0b"),
        RedisConfiguration(host: "localhost", port: .max), RedisConfiguration(host: ""),
        RedisConfiguration(unixSocket: "/tmp/" + String(repeating: "x", count: 120)),
    ])
    func `is not even looked for under an address that the system would cut off`(configuration: RedisConfiguration)
        async throws
    {
        let error = await #expect(throws: StreamKitError.self) {
            try await withRedis(configuration) { try await $0.send("PING") }
        }

        guard case .invalidInput = error else { return #expect(Bool(false), "\(error as Any)") }
    }

    @Test(arguments: [nil, "secret"], [0, 3])
    func `is reported as a Sentinel if it is one`(password: String?, database: Int) async throws {
        // A Sentinel wants a configuration file, which comes first on its command line.
        let folder = FileManager.default.temporaryDirectory.appending(path: "sentinel-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appending(path: "redis-sentinel").path
        // A shell writes it: a file that this process has written cannot be started while a child of another test,
        // which inherits what is open, has not begun its own program.
        let text = #"#!/bin/sh\n: > "$0.conf"; exec redis-server "$0.conf" --sentinel "$@"\n"#
        let writer = Process()
        writer.executableURL = URL(filePath: "/bin/sh")
        writer.arguments = ["-c", #"printf "$0" > "$1" && chmod 755 "$1""#, text, program]
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            writer.terminationHandler = { _ in done.resume() }
            do { try writer.run() } catch { done.resume(throwing: error) }
        }
        try await withScratchServer(LocalRedis.Options(tcp: true, binary: program)) { server in
            var configuration = server.configuration
            (configuration.credentials.password, configuration.database) = (password, database)

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(configuration) { try await $0.stream("s").append(["a": "1"]) }
            }

            let advice = "redis-cli -h 127.0.0.1 -p \(try #require(server.port)) SENTINEL MASTERS"
            #expect(error?.description.contains("is a Redis Sentinel") == true, "\(error as Any)")
            #expect(error?.description.contains(advice) == true, "\(error as Any)")
        }
    }

    @Test func `is reported as a cluster's node when it cannot serve a key`() async throws {
        let cluster = LocalRedis.Options(tcp: true, extraArguments: ["--cluster-enabled", "yes"])
        try await withScratchServer(cluster) { server in
            let down = await refusal(from: server.configuration.impatient) { redis in
                try await redis.stream("s").append(["a": "1"])
            }
            let crossing = await refusal(from: server.configuration) { redis in
                try await redis.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
                try await eventually("the cluster is up") {
                    try await redis.send("CLUSTER", "INFO").text?.contains("cluster_state:ok") == true
                }
                try await redis.send("DEL", "a", "b")
            }

            #expect((down?.prefix, crossing?.prefix) == ("CLUSTERDOWN", "CROSSSLOT"))
            for error in [down, crossing] { #expect(error?.description.contains("Redis Cluster") == true) }
        }
    }

    #if !TLS
    @Test func `TLS that was not built in is refused before anything is sent, with how to build it`() async throws {
        try await withScriptedServer {
            .greeting($0)
        } _: { server in
            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(RedisConfiguration(url: "rediss://127.0.0.1:\(server.port)")) {
                    try await $0.send("PING")
                }
            }

            #expect(error?.description.contains("--traits default,TLS") == true, "\(error as Any)")
            #expect(server.acceptedConnections == 0)
        }
    }
    #endif
}

/// This machine's IPv4 address in a network; nil if it has none.
private func networkAddress() -> String? {
    var next: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&next) == 0 else { return nil }
    defer { freeifaddrs(next) }
    var found = next
    while let interface = found?.pointee {
        found = interface.ifa_next
        guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { continue }
        var name = [CChar](repeating: 0, count: 64)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard getnameinfo(address, size, &name, 64, nil, 0, NI_NUMERICHOST) == 0 else { continue }
        let text = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        if !text.hasPrefix("127.") { return text }
    }
    return nil
}
