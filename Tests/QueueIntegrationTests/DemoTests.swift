import Foundation
import LocalRedis
import StreamKit
import TestSupport
import Testing

/// The demo and the processes that it starts.
@Suite("The demo of lesson 3", .timeLimit(.minutes(2)))
struct DemoTests {
    @Test(arguments: ["REDIS_URL", "REDIS_CONNECTION_STRING"])
    func `an empty or blank variable counts as unset, for its workers too`(name: String) async throws {
        try await withPrograms { programs in
            for value in ["", " "] {
                let demo = try await programs.start("queue-integration", environment: [name: value])
                try await demo.says("kill -9: worker-1")
            }
        }
    }

    @Test(arguments: ["a#b", "a b", "a%20b", "a?b", "ä"])
    func `its workers find a private server in any folder`(name: String) async throws {
        try await withPrograms { programs in
            let folder = programs.temporary.appending(path: name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let demo = try await programs.start("queue-integration", environment: ["TMPDIR": folder.path])
            try await demo.says("kill -9: worker-1")
        }
    }

    @Test func `a worker process that ends by itself ends the demo with the worker's reason`() async throws {
        try await withPrograms { programs in
            let renamed = ["EVAL", "EVALSHA"].flatMap { ["--rename-command", $0, "X\($0)"] }
            try await withScratchServer(.init(tcp: true, extraArguments: renamed)) { server in
                let port = try #require(server.port)
                let demo = try await programs.start(
                    "queue-integration", "demo", "--redis", "redis://127.0.0.1:\(port)")

                #expect(await demo.end() == .exited(1))

                #expect(demo.complained.contains("The process of worker-1 ended by itself"))
                #expect(demo.complained.contains("unknown command 'EVALSHA'"))
                let keys = try await withRedis(server.configuration) { try await $0.send("DBSIZE").integer }
                #expect(keys == 0)
            }
        }
    }
}
