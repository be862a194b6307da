import FaultKit
import LocalRedis
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("One connection for many tasks")
struct SharedConnectionTests {
    @Test func `every task gets the reply to its own command`() async throws {
        try await withScratchRedis { redis in
            try await withThrowingTaskGroup { group in
                for task in 0..<64 {
                    group.addTask {
                        for number in 0..<200 {
                            let text = "\(task):\(number)"
                            let reply = try await redis.send("ECHO", text)
                            #expect(reply.text == text)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a batch answers in order, and an error fails only its own command`() async throws {
        try await withScratchRedis { redis in
            let key = scratchKey()
            let results = try await redis.pipeline { batch in
                batch.add("SET", key, "text")
                batch.append(["event": "token"], to: key)
                batch.add("GET", key)
                batch.add("DEL", key)
            }

            #expect(try results[0].get().text == "OK")
            #expect(throws: StreamKitError.self) { try results[1].get() }
            #expect(try results[2].get().text == "text")
            #expect(results.count == 4)
        }
    }

    @Test func `a batch larger than the socket's buffers arrives whole`() async throws {
        try await withScratchRedis { redis in
            let text = String(repeating: "é", count: 20_000)
            let results = try await redis.pipeline { batch in
                for _ in 0..<200 { batch.add("ECHO", text) }
            }

            #expect(try results.allSatisfy { try $0.get().text == text })
        }
    }

    @Test func `cancelling one task disturbs no other`() async throws {
        try await withScratchRedis { redis in
            try await withThrowingTaskGroup { group in
                for task in 0..<200 {
                    group.addTask {
                        let one = Task { try await redis.send("ECHO", String(task)).text }
                        if task.isMultiple(of: 3) { one.cancel() }
                        switch await one.result {
                        case .success(let text): #expect(text == String(task))
                        case .failure(let error): #expect(error is CancellationError && task.isMultiple(of: 3))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await redis.send("PING").text == "PONG")
        }
    }

    @Test func `a server that accepts and never answers is noticed`() async throws {
        try await withProxiedRedis { redis, proxy in
            _ = try await redis.send("PING")
            var configuration = redis.configuration
            configuration.timeouts.command = .milliseconds(200)
            try await withRedis(configuration) { impatient in
                // A slow machine may take longer than this client waits.
                try await eventually("it is answered") { (try? await impatient.send("PING")) != nil }
                proxy.stall()
                await #expect(throws: StreamKitError.self) { try await impatient.send("PING") }
                proxy.resume()
                try await eventually("it is answered again") { (try? await impatient.send("PING")) != nil }
            }
        }
    }

    @Test func `a closed client says so`() async throws {
        try await withScratchRedis { redis in
            let other = Redis(redis.configuration)
            other.close()

            await #expect(throws: StreamKitError.closed) { try await other.send("PING") }
            await #expect(throws: StreamKitError.closed) {
                try await other.sendBlocking(["BLPOP", "x", "0"], wait: .forever)
            }
        }
    }

    @Test func `the trace sees arguments and reply, and quoting loses nothing`() async throws {
        let seen = Mutex<[TracedCommand]>([])
        try await withScratchRedis { redis in
            var configuration = redis.configuration
            configuration.observability.trace = CommandTrace { command in seen.withLock { $0.append(command) } }
            try await withRedis(configuration) { try await $0.send("ECHO", "two \"words\"") }
        }

        let lines = seen.withLock { $0.map { $0.line + " -> " + $0.replyText } }
        #expect(lines == [#"ECHO "two \"words\"" -> "two \"words\"""#])
    }

    @Test func `a script is sent once and run by its digest from then on`() async throws {
        try await withScratchServer { server in
            let redis = Redis(server.configuration)
            defer { redis.close() }
            let script = RedisScript("return {KEYS[1], ARGV[1], '\(scratchKey())'}")
            for _ in 0..<3 {
                let reply = try await redis.run(script, keys: ["k"], arguments: ["a"])
                #expect(reply.elements?.first?.text == "k")
            }
            let statistics = try await redis.send("INFO", "commandstats").text ?? ""
            #expect(statistics.contains("cmdstat_eval:calls=1,"))
            #expect(statistics.contains("cmdstat_evalsha:calls=3,"))
            #expect(script.digest == (try await redis.send("SCRIPT", "LOAD", script.source).text))
        }
    }
}
