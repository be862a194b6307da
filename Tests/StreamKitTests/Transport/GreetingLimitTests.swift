import FaultKit
import Foundation
import TestSupport
import Testing

@testable import StreamKit

@Suite("A greeting without end")
struct GreetingLimitTests {
    enum Attack: String, CaseIterable, Codable {
        case text, announcedText, array

        var answer: ScriptedServer.Answer {
            let megabyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            switch self {
            case .text: return .flood(Array("+".utf8) + megabyte, times: 2_000)
            case .announcedText: return .flood(Array("$4000000000\r\n".utf8) + megabyte, times: 2_000)
            case .array:
                let numbers = Array(String(repeating: ":1\r\n", count: 1 << 18).utf8)
                return .flood(Array("*1000000000\r\n".utf8) + numbers, times: 2_000)
            }
        }
    }

    @Test(arguments: ["PING", "HELLO", "CLIENT", "AUTH"], Attack.allCases)
    func `is refused before it takes memory`(command: String, attack: Attack) async throws {
        // A process of its own, because memory is measured for a process.
        await #expect(processExitsWith: .success) { [command, attack] in
            try await withScriptedServer { words in
                words[0] == command ? attack.answer : .greeting(words)
            } _: { server in
                var configuration = RedisConfiguration(host: "127.0.0.1", port: server.port)
                configuration.credentials.password = "secret"
                let before = residentMegabytes()

                let error = await #expect(throws: StreamKitError.self) {
                    try await withRedis(configuration) { try await $0.send("ECHO", "x") }
                }

                #expect(error?.description.contains("did not answer \(command)") == true, "\(error as Any)")
                // The server would have sent 2,000.
                #expect(residentMegabytes() - before < 200)
            }
        }
    }

    @Test func `ends after the time for a connection, however steadily it goes on`() async throws {
        try await withScriptedServer { words in
            // Each answer comes within that time, but all of them together do not.
            Thread.sleep(forTimeInterval: 0.3)
            return .greeting(words)
        } _: { server in
            var configuration = RedisConfiguration(host: "127.0.0.1", port: server.port)
            configuration.timeouts.connect = .milliseconds(700)
            configuration.timeouts.command = .seconds(600)

            let error = await #expect(throws: StreamKitError.self) {
                try await withRedis(configuration) { try await $0.send("ECHO", "x") }
            }

            #expect(error?.description.contains("in time") == true, "\(error as Any)")
        }
    }
}
