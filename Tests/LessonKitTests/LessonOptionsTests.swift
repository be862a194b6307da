import ArgumentParser
import StreamKit
import Testing

@testable import LessonKit

@Suite("Options of a lesson")
struct LessonOptionsTests {
    @Test func `flags and the URL are taken from the command line`() throws {
        let options = try LessonOptions.parse(["--redis", "redis://localhost:7000", "--step", "--no-color", "--keep"])

        #expect(options.redis == "redis://localhost:7000")
        #expect(options.step && options.noColor && options.keep)
        #expect(!options.quiet)
    }

    @Test func `a --redis that is not a URL is a usage error`() {
        let error = #expect(throws: (any Error).self) { try LessonOptions.parse(["--redis", "nonsense"]) }

        #expect(error.map { LessonOptions.exitCode(for: $0).rawValue } == 64)
    }
}
