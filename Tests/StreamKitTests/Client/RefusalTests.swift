import LocalRedis
import FaultKit
import StreamKit
import TestSupport
import Testing

@Suite("A server that refuses")
struct RefusalTests {
    @Test func `a missing and a wrong password are NOAUTH and WRONGPASS, with the server's name and no password`()
        async throws
    {
        try await withScratchServer(.init(extraArguments: ["--requirepass", "opensesame"])) { server in
            var (wrong, right) = (server.configuration, server.configuration)
            wrong.credentials.password = "guesswork"
            right.credentials.password = "opensesame"

            let missing = await refusal(from: server.configuration) { try await $0.send("PING") }
            let mistaken = await refusal(from: wrong) { try await $0.send("PING") }
            let answer = try await withRedis(right) { try await $0.send("PING").text }

            #expect(answer == "PONG")
            #expect((missing?.prefix, missing?.command) == ("NOAUTH", "PING"))
            #expect((mistaken?.prefix, mistaken?.command) == ("WRONGPASS", "AUTH"))
            for error in [missing, mistaken] {
                #expect(error?.address == "\(server.configuration)")
                #expect(error?.description.contains("guesswork") == false)
                #expect(error?.isTransient == false)
            }
        }
    }

    @Test func `memory that is full is OOM, and says what to do`() async throws {
        let options = LocalRedis.Options(extraArguments: ["--maxmemory", "100kb", "--maxmemory-policy", "noeviction"])
        try await withScratchServer(options) { server in
            let error = await refusal(from: server.configuration) { redis in
                try await redis.stream("s").append(["event": "token"])
            }

            #expect((error?.prefix, error?.command) == ("OOM", "XADD"))
            #expect(error?.description.contains("maxmemory") == true)
        }
    }

    @Test(arguments: ["unix", "tcp"])
    func `a full server is waited for, and named when it stays full`(network: String) async throws {
        try await withScratchServer(.init(tcp: network == "tcp", extraArguments: ["--maxclients", "1"])) { server in
            let guest = Redis(server.configuration)
            try await guest.send("PING")

            let error = await refusal(from: server.configuration.impatient) { try await $0.send("PING") }
            async let admitted = withRedis(server.configuration) { try await $0.send("PING").text }
            guest.close()

            #expect(error?.prefix == "MAXCLIENTS")
            #expect(error?.description.contains("maxclients") == true)
            #expect(try await admitted == "PONG")
        }
    }

    @Test func `a replica is READONLY, and the client reconnects to find the primary`() async throws {
        try await withScratchServer { primary in
            let port = try #require(primary.port)
            let replica = LocalRedis.Options(extraArguments: ["--replicaof", "127.0.0.1", "\(port)"])
            try await withScratchServer(replica) { replica in
                try await withRedis(replica.configuration) { redis in
                    let before = try await redis.send("CLIENT", "ID").integer
                    try await eventually("the client has reconnected") {
                        let error = await #expect(throws: StreamKitError.self) {
                            try await redis.stream("s").append(["event": "token"])
                        }
                        #expect(error?.serverPrefix == "READONLY")
                        #expect(error?.description.contains("primary") == true)
                        return try await redis.send("CLIENT", "ID").integer != before
                    }
                }
            }
        }
    }

    @Test func `a replica without its primary is MASTERDOWN, and waited for`() async throws {
        let options = LocalRedis.Options(
            extraArguments: ["--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "no"])
        try await withScratchServer(options) { server in
            let error = await refusal(from: server.configuration.impatient) { try await $0.stream("s").length() }
            async let length = withRedis(server.configuration) { try await $0.stream("s").length() }
            try await withRedis(server.configuration) { _ = try await $0.send("REPLICAOF", "NO", "ONE") }

            #expect(error?.prefix == "MASTERDOWN")
            #expect(error?.isTransient == true)
            #expect(try await length == 0)
        }
    }

    @Test func `a server busy with a script is waited for, and can be helped`() async throws {
        try await withScratchServer(.init(extraArguments: ["--busy-reply-threshold", "50"])) { server in
            try await withRedis(server.configuration) { redis in
                async let script = redis.run(RedisScript("while true do end"), keys: [], arguments: [])
                try await eventually("the script is under way") {
                    do {
                        try await withRedis(server.configuration.impatient) { _ = try await $0.send("PING") }
                    } catch StreamKitError.server(let error) where error.prefix == "BUSY" {
                        return true
                    } catch {}
                    return false
                }
                async let length = withRedis(server.configuration) { try await $0.stream("s").length() }
                try await withRedis(server.configuration) { _ = try await $0.send("SCRIPT", "KILL") }

                #expect(try await length == 0)
                _ = try? await script
            }
        }
    }

    @Test func `a server that loads forever is given up in one command's time, and not in two`() async throws {
        try await withScriptedServer { _ in
            .text("-LOADING Redis is loading the dataset in memory\r\n")
        } _: { server in
            let configuration = RedisConfiguration(host: "127.0.0.1", port: server.port).impatient
            let outcome = await withTaskGroup(of: String?.self) { group in
                group.addTask { await refusal(from: configuration) { try await $0.send("GET", "key") }?.prefix }
                group.addTask {
                    try? await Task.sleep(for: configuration.timeouts.command * 1.8)
                    return "nothing"
                }
                defer { group.cancelAll() }
                return await group.next() ?? nil
            }
            #expect(outcome == "LOADING")
        }
    }

    @Test func `a server that loads is waited for, batches included, and named when it takes too long`() async throws {
        try await withSlowLoadingServer { server, redis in
            var error: ServerError?
            try await eventually("it loads for longer than an impatient client waits") {
                try await server.restart(acceptsLoading: true)
                error = await refusal(from: server.configuration.impatient) { try await $0.send("GET", "key:1") }
                return error != nil
            }
            try await server.restart(acceptsLoading: true)
            async let results = redis.pipeline { batch in
                batch.add("GET", "key:1")
                batch.add("GET", "key:499")
            }
            let id = try await redis.stream("s").append(["event": "token"])

            #expect(error?.prefix == "LOADING")
            #expect(error?.description.contains("loading") == true)
            #expect(try await results.map { try $0.get().text } == [largeValue, largeValue])
            #expect(id > .zero)
        }
    }
}

/// The error that a server answers with, or nil if it does not.
func refusal<R>(
    from configuration: RedisConfiguration, _ body: (Redis) async throws -> R
) async -> ServerError? {
    do {
        _ = try await withRedis(configuration, body)
    } catch StreamKitError.server(let error) {
        return error
    } catch {
        Issue.record("not the server's error, but: \(error)")
    }
    return nil
}

/// Runs a test with a server that takes five seconds to load its data, which is what `SAVE` saved last.
func withSlowLoadingServer<R>(_ body: (LocalRedis, Redis) async throws -> R) async throws -> R {
    // Few keys and a long pause for each: many short pauses would take twice as long on one machine as on another.
    // While it loads it answers once per kilobyte, so each key has a kilobyte.
    let slowly = [
        "--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no",
    ]
    return try await withScratchServer(.init(extraArguments: slowly)) { server in
        try await withRedis(server.configuration) { redis in
            _ = try await redis.pipeline { batch in
                for number in 0..<500 { batch.add("SET", "key:\(number)", largeValue) }
            }
            try await redis.send("SAVE")
            return try await body(server, redis)
        }
    }
}

private let largeValue = String(repeating: "x", count: 1_024)
