import FaultKit
import Logging
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

/// Replies that no Redis gives: an error at most, and never the end of the process or of a worker.
@Suite("Malformed replies to a queue")
struct QueueReplyTests {
    @Test func `no random reply ends the process`() async throws {
        let random = Mutex(SeededGenerator(seed: 8))
        try await withScriptedServer { words in
            switch words.first {
            case "EVALSHA", "EVAL", "XREADGROUP", "HGET":
                .text(random.withLock { Self.reply(&$0, depth: 0) })
            default: Self.polite(words)
            }
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: .quick)
                for _ in 0..<300 {
                    _ = try? await queue.status()
                    _ = try? await queue.cancel(.zero)
                    _ = try? await queue.result(of: .zero, as: Int.self)
                    _ = try? await queue.enqueue(Job(number: 1), priority: .high)
                    _ = try? await queue.calls.prepare(knownGeneration: 0)
                    _ = try? await queue.calls.sweep(knownGeneration: 1, by: "worker")
                    var reader = TaskReader(queue.calls, consumer: "worker", generation: 1)
                    _ = try? await reader.read(3)
                    _ = try? await queue.calls.awaitTasks(3, by: "worker", atMost: .milliseconds(1))
                }
            }
        }
    }

    @Test func `a worker survives malformed replies to sweeps, renewals and reads, and logs them`() async throws {
        let counts = Mutex((sweeps: 0, takes: 0))
        let log = Shared<[String]>([])
        var options = TaskQueueOptions.quick
        options.logger = .init(label: "test", factory: { _ in LineLog { line in log.withLock { $0.append(line) } } })
        try await withScriptedServer { words in
            let digest = words.first == "EVALSHA" ? words[1] : ""
            if digest == QueueCalls.prepareScript.digest { return .text(":1\r\n") }
            if digest == QueueCalls.sweepScript.digest { counts.withLock { $0.sweeps += 1 } }
            if words.first == "XREADGROUP", !words.contains("BLOCK") { counts.withLock { $0.takes += 1 } }
            return ["EVALSHA", "XREADGROUP"].contains(words.first) ? .text("+nonsense\r\n") : Self.polite(words)
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                let queue = TaskQueue<Job>(redis: redis, key: "queue", group: "workers", options: options)
                try await withThrowingTaskGroup { group in
                    group.addTask { try await queue.work(as: "worker") { _ in } }
                    try await eventually { counts.withLock { $0.sweeps > 3 && $0.takes > 3 } }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }

        #expect(log.withLock { $0.contains { $0.contains("could not sweep queue queue") } })
        #expect(log.withLock { $0.contains { $0.contains("could not read tasks of queue queue") } })
    }

    /// What a client needs to be connected, and nothing else.
    private static func polite(_ words: [String]) -> ScriptedServer.Answer {
        switch words.first {
        case "PING": .text("+PONG\r\n")
        case "CLIENT" where words.count > 1 && words[1] == "ID": .text(":7\r\n")
        case "CLIENT" where words.count > 1 && words[1] == "INFO": .text("$25\r\nid=7 addr=127.0.0.1:12345\r\n")
        default: .text("+OK\r\n")
        }
    }

    private static func reply(_ random: inout SeededGenerator, depth: Int) -> String {
        let numbers = ["0", "1", "-1", "3", "9223372036854775807", "-9223372036854775808", "18446744073709551615"]
        let texts = ["", "x", "1-1", "normal", "high", "18446744073709551615-1", "payload", "task", "{}"] + numbers
        switch Int.random(in: 0..<(depth > 4 ? 4 : 8), using: &random) {
        case 0: return ":\(numbers.prefix(6).randomElement(using: &random) ?? "")\r\n"
        case 1:
            let text = texts.randomElement(using: &random) ?? ""
            return "$\(text.utf8.count)\r\n\(text)\r\n"
        case 2: return "$-1\r\n"
        case 3: return "-ERR random\r\n"
        default:
            let count = [1, 2, 3, 4, 6, 9].randomElement(using: &random) ?? 1
            return "*\(count)\r\n" + (0..<count).map { _ in reply(&random, depth: depth + 1) }.joined()
        }
    }
}
