import LocalRedis
import FaultKit
import Foundation
import TestSupport
import Testing

@testable import StreamKit

@Suite("An outage")
struct OutageTests {
    @Test func `a command that could not be sent in time says so, and is not sent later`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration.impatient) { redis in
                let stream = redis.stream("s")
                _ = try await stream.length()
                await server.kill()
                await withTaskGroup { group in
                    for number in 0..<50 {
                        group.addTask {
                            let error = await #expect(throws: StreamKitError.self) {
                                try await stream.append(["number": "\(number)"])
                            }
                            if case .cannotConnect = error { return }
                            Issue.record("not that it could not be sent, but: \(error as Any)")
                        }
                    }
                }
                try await server.restart()

                #expect(try await stream.length() == 0)
            }
        }
    }

    @Test func `a command that waits for a connection is sent once there is one, in order`() async throws {
        try await withScratchServer(.init(durable: true)) { server in
            try await withRedis(server.configuration) { redis in
                let stream = redis.stream("s")
                _ = try await stream.length()
                await server.kill()
                async let first = stream.append(["number": "1"])
                async let given = stream.append(["number": "2"])
                let cancelled = Task { try await stream.append(["number": "cancelled"]) }
                cancelled.cancel()
                _ = await cancelled.result
                try await server.restart()

                let ids = try await [first, given]
                #expect(try await stream.entries().map(\.id) == ids.sorted())
            }
        }
    }

    @Test func `a server that hangs is noticed by a read that waits forever, over a unix socket too`() async throws {
        try await withScratchServer(.init()) { server in
            var configuration = server.configuration.impatient
            configuration.timeouts.longestBlock = .milliseconds(100)
            try await withRedis(configuration) { redis in
                let process = try #require(server.processID)
                async let read = redis.stream("s").read(after: .zero, wait: .forever)
                try await eventually("the read waits") { try await redis.blockedClients() == 1 }

                kill(process, SIGSTOP)
                defer { kill(process, SIGCONT) }

                do {
                    _ = try await read
                    Issue.record("a server that was stopped answered")
                } catch StreamKitError.timedOut {}
            }
        }
    }

    @Test func `a follower goes on after its server hung for a while`() async throws {
        try await withScratchServer(.init()) { server in
            var configuration = server.configuration.impatient
            configuration.timeouts.longestBlock = .milliseconds(50)
            try await withRedis(configuration) { redis in
                let process = try #require(server.processID)
                let stream = redis.stream("s")
                let reader = Task { try await stream.follow(after: .beginning).firstMilliseconds(3) }
                try await stream.fill(1)
                kill(process, SIGSTOP)
                let unanswered = await #expect(throws: StreamKitError.self) { try await stream.length() }
                kill(process, SIGCONT)
                try await eventually("the server answers") { (try? await stream.length()) == 1 }
                try await stream.fill(2, from: 2)

                #expect(unanswered != nil)
                #expect(try await reader.value == [1, 2, 3])
            }
        }
    }

    @Test func `a server that hangs up after each reply still gets every command`() async throws {
        try await withScriptedServer { words in
            words[0] == "ECHO" ? .lastBytes(Array("+\(words[1])\r\n".utf8)) : .greeting(words)
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                for number in 0..<20 {
                    try await eventually("an answer comes") {
                        (try? await redis.send("ECHO", "\(number)").text) == "\(number)"
                    }
                }
            }
            #expect(server.acceptedConnections >= 20)
        }
    }

    @Test func `connections that the server kills in a loop lose no entry of a follower or a consumer`() async throws {
        try await withScratchServer(.init()) { server in
            try await withRedis(server.configuration) { redis in
                let stream = redis.stream("s")
                try await stream.group("g").create()
                async let followed = stream.follow(after: .beginning).firstMilliseconds(400)
                async let delivered = stream.group("g").consumer("c").deliveries().firstMilliseconds(400)
                let killer = Task {
                    try await withRedis(server.configuration) { admin in
                        while true {
                            try await admin.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                            // Long enough for some commands to get through between two kills.
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                for number in 1...400 { await stream.appendSurely(number) }
                let seen = try await (followed, delivered)
                killer.cancel()

                #expect(seen.0 == Array(1...400))
                #expect(seen.1 == Array(1...400))
            }
        }
    }

    @Test func `a pause of the server delays and loses nothing`() async throws {
        try await withScratchServer(.init()) { server in
            try await withRedis(server.configuration) { redis in
                let stream = redis.stream("s")
                async let seen = stream.follow(after: .beginning).firstMilliseconds(20)
                for number in 1...20 {
                    if number.isMultiple(of: 5) { try await redis.send("CLIENT", "PAUSE", "60", "ALL") }
                    try await stream.fill(1, from: number)
                }
                #expect(try await seen == Array(1...20))
            }
        }
    }

    @Test func `scripts that are flushed during a run are sent again`() async throws {
        try await withScratchServer(.init()) { server in
            try await withRedis(server.configuration) { redis in
                let script = RedisScript("return redis.call('INCR', KEYS[1])")
                try await withThrowingTaskGroup { group in
                    for task in 0..<16 {
                        group.addTask {
                            for _ in 0..<25 {
                                if task == 0 { try await redis.send("SCRIPT", "FLUSH") }
                                _ = try await redis.run(script, keys: ["count"], arguments: [])
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await redis.send("GET", "count").integer == 400)
            }
        }
    }
}

extension ScriptedServer.Answer {
    /// What a server answers to the commands of a greeting.
    static func greeting(_ words: [String]) -> Self {
        switch words.prefix(2) {
        case ["PING"]: .bytes(Array("+PONG\r\n".utf8))
        case ["CLIENT", "INFO"]: .bytes(Array("$25\r\nid=7 addr=127.0.0.1:12345\r\n".utf8))
        default: .bytes(Array("+OK\r\n".utf8))
        }
    }
}

extension RedisStream {
    /// Appends the entry `number-0`, again and again until it is there.
    func appendSurely(_ number: Int) async {
        while true {
            do {
                try await append(["n": "\(number)"], id: StreamID(milliseconds: UInt64(number)))
                return
            } catch let StreamKitError.server(error) where error.message.contains("equal or smaller") {
                return
            } catch {}
        }
    }
}
