import Foundation
import Testing

@Suite("Ctrl-C in a lesson that waits for Enter")
struct InterruptTests {
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [["basics", "--step"], ["setup", "--step"], ["setup", "groups", "--step"]])
    func `it ends by itself, with the exit code of an interrupted program`(command: [String]) async throws {
        let lesson = try ProductRun.start(command)
        defer { lesson.process.terminate() }

        try await lesson.printed("Press Enter for:")
        kill(lesson.process.processIdentifier, SIGINT)
        let end = await lesson.ended()

        #expect(end == RunningProduct.End(reason: .exit, status: 130))
    }
}
