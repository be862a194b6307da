import LessonKit
import Testing

@Suite("A body beside its companion")
struct CompanionTests {
    private struct Broken: Error, Equatable {}

    @Test func `a companion that fails ends a body that would wait forever`() async throws {
        await #expect(throws: Broken.self) {
            try await withCompanion {
                throw Broken()
            } _: {
                try await Task.sleep(for: .seconds(3_600))
            }
        }
    }

    @Test func `the body's end cancels the companion`() async throws {
        let result = try await withCompanion {
            try await Task.sleep(for: .seconds(3_600))
        } _: {
            7
        }
        #expect(result == 7)
    }

    @Test func `a wait beyond its limit ends with what was waited for, and where to look`() async throws {
        let problem = await #expect(throws: LessonProblem.self) {
            try await withTimeLimit(.milliseconds(1), waitingFor: "a word") {
                try await Task.sleep(for: .seconds(3_600))
            }
        }
        #expect(problem?.description.contains("in vain for a word") == true)
        #expect(problem?.description.contains("doctor") == true)
    }

    @Test func `a companion that returns first leaves the body alone`() async throws {
        let (steps, step) = AsyncStream<Void>.makeStream()
        let result = try await withCompanion {
            step.finish()
        } _: {
            for await _ in steps {}
            return "done"
        }
        #expect(result == "done")
    }
}
