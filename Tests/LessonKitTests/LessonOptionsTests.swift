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

    @Test func `a URL that is none is a mistake in the usage`() {
        let error = #expect(throws: (any Error).self) { try LessonOptions.parse(["--redis", "nonsense"]) }

        #expect(error.map { LessonOptions.exitCode(for: $0).rawValue } == 64)
    }

    @Test func `redis-cli is told how to reach the lesson's server`() throws {
        let names = ["unix:///tmp/a.sock", "redis://localhost:6379", "redis://me:secret@example.org:7000/2"]

        let commands = try names.map {
            LessonServer(configuration: try RedisConfiguration(url: $0), isPrivate: false).redisCLI
        }

        #expect(
            commands == [
                "redis-cli -s /tmp/a.sock", "redis-cli",
                "redis-cli -h example.org -p 7000 -n 2 --user me --askpass",
            ])
    }
}
