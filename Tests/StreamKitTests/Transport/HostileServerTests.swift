import FaultKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StreamKit

@Suite("A hostile server")
struct HostileServerTests {
    enum Attack: String, CaseIterable, Codable, CustomTestStringConvertible {
        case garbage, zeros, silence
        case halfThenSilence = "half a reply, then silence"
        case halfThenEnd = "half a reply, then the end"
        case hugeText = "a text of 600 MB"
        case hugeArray = "an array of 2^31"
        case negativeArray = "an array of minus two"
        case nesting = "nesting a hundred deep"

        var testDescription: String { rawValue }

        var answer: ScriptedServer.Answer {
            switch self {
            case .garbage: .text("HTTP/1.1 400 Bad Request\r\n\r\n")
            case .zeros: .bytes([0, 0, 0, 0])
            case .silence: .silence
            case .halfThenSilence: .text("$100\r\nhalf")
            case .halfThenEnd: .lastBytes(Array("*3\r\n:1\r\n".utf8))
            case .hugeText:
                .flood(Array("$629145600\r\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20), times: 600)
            case .hugeArray: .text("*2147483648\r\n")
            case .negativeArray: .text("*-2\r\n")
            case .nesting: .text(String(repeating: "*1\r\n", count: 100))
            }
        }

        /// Whether the end of the wait is the point.
        var isSilent: Bool { self == .silence || self == .halfThenSilence }

        /// What the error must say.
        var clue: String {
            switch self {
            case .silence, .halfThenSilence: "did not answer in time"
            case .halfThenEnd: "broke"
            case .hugeText: "bytes"
            case .garbage, .zeros, .hugeArray, .negativeArray, .nesting: "protocol"
            }
        }
    }

    @Test(arguments: Attack.allCases)
    func `gets a clear error, bounded memory and a fresh connection`(attack: Attack) async throws {
        // A process of its own, because memory is measured for a process.
        await #expect(processExitsWith: .success) { [attack] in
            try await withHostility(attack) { redis, server, makePeace in
                let before = residentMegabytes()

                let error = await #expect(throws: StreamKitError.self) { try await redis.send("ECHO", "hello") }

                #expect(error?.description.contains(attack.clue) == true, "\(error as Any)")
                // The text alone would be 600.
                #expect(residentMegabytes() - before < 200)
                let connections = server.acceptedConnections
                makePeace()
                let answer = try await redis.send("ECHO", "hello").text
                #expect(answer == "hello")
                #expect(server.acceptedConnections > connections)
            }
        }
    }

    @Test func `that is not Redis is detected in the handshake`() async throws {
        try await withScriptedServer { _ in
            .text("HTTP/1.1 400 Bad Request\r\n\r\n")
        } _: { server in
            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) {
                    try await $0.send("PING")
                }
            }
            #expect(error?.description.contains("127.0.0.1:\(server.port)") == true)
        }
    }

    @Test func `that sends an extra reply is disconnected, so that no reply goes to the wrong command`() async throws {
        try await withScriptedServer { words in
            words[0] == "ECHO" ? .text("+\(words[1])\r\n+more\r\n") : .greeting(words)
        } _: { server in
            try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                for number in 1...10 {
                    let answer = try await redis.send("ECHO", "\(number)").text
                    #expect(answer == "\(number)")
                    try await eventually("it is left") {
                        server.acceptedConnections == number && !redis.shared.isConnected
                    }
                }
            }
        }
    }

    @Test func `cannot pass off malformed replies as a stream's entries`() async throws {
        let answers = [
            "*1\r\n:1\r\n", "*1\r\n*2\r\n$1\r\nx\r\n*0\r\n", "*1\r\n*2\r\n$3\r\n1-1\r\n*1\r\n$1\r\na\r\n",
            "*1\r\n*1\r\n*-1\r\n",
        ]
        for answer in answers {
            try await withScriptedServer {
                $0[0] == "XRANGE" ? .text(answer) : .greeting($0)
            } _: { server in
                try await withRedis(RedisConfiguration(host: "127.0.0.1", port: server.port)) { redis in
                    let error = await #expect(throws: StreamKitError.self) { try await redis.stream("s").entries() }
                    #expect(error?.isUnexpectedReply == true, "\(error as Any)")
                }
            }
        }
    }
}

private func withHostility(
    _ attack: HostileServerTests.Attack, _ body: (Redis, ScriptedServer, _ makePeace: () -> Void) async throws -> Void
) async throws {
    let isHostile = Mood()
    try await withScriptedServer { words in
        guard words[0] == "ECHO" else { return .greeting(words) }
        return isHostile.value.load(ordering: .relaxed)
            ? attack.answer : .text("$\(words[1].utf8.count)\r\n\(words[1])\r\n")
    } _: { server in
        var address = RedisConfiguration(host: "127.0.0.1", port: server.port)
        address.timeouts.command = .seconds(60)
        try await withRedis(attack.isSilent ? address.impatient : address) { redis in
            try await body(redis, server) { isHostile.value.store(false, ordering: .relaxed) }
        }
    }
}

private final class Mood: Sendable {
    let value = Atomic<Bool>(true)
}

extension StreamKitError {
    fileprivate var isUnexpectedReply: Bool {
        if case .unexpectedReply = self { true } else { false }
    }
}

extension ScriptedServer.Answer {
    static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }
}

/// What this process has in memory; on systems without /proc the most that it ever had.
func residentMegabytes() -> Int {
    #if os(Linux)
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        Issue.record("/proc/self/statm cannot be read, so nobody knows what this process has in memory.")
        return .max
    }
    return pages * 4 / 1024
    #else
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return Int(usage.ru_maxrss) >> 20
    #endif
}
