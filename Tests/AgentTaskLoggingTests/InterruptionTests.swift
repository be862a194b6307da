import Foundation
import StreamKit
import TestSupport
import Testing

@Suite("Interrupting lesson 4", .timeLimit(.minutes(2)))
struct InterruptionTests {
    @Test(arguments: [SIGINT, SIGTERM], [["run", "Plan a 7-day trip to Tokyo"], ["demo"]])
    func `a run under way ends and leaves nothing`(signal: Int32, words: [String]) async throws {
        try await withPrograms { programs in
            let program = try await programs.start(["agent-task-logging"] + words)
            try await program.says("tool ")
            program.send(signal)
            #expect(await program.end() == .exited(128 + signal))
            #expect(!program.complained.contains("too long"))
            #expect(programs.leftovers == [])
        }
    }
}
