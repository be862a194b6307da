import ArgumentParser
import Foundation
import Testing

@testable import LessonKit

@Suite("Commands that readers are told to type")
struct LessonCommandTests {
    @Test(arguments: [
        ("./lesson", "/src/.build/debug/basics", "./lesson 5"),
        ("../my lessons/lesson", "basics", "'../my lessons/lesson' 5"),
        (nil, "/src/.build/x86_64-unknown-linux-gnu/debug/basics", "swift run streaming-to-users"),
        ("", ".build/debug/basics", "swift run streaming-to-users"),
        (nil, "basics", "streaming-to-users"),
        (nil, "/usr/local/bin/setup", "/usr/local/bin/streaming-to-users"),
    ])
    func `begin as the program itself was started`(script: String?, program: String, expected: String) {
        #expect(LessonCommand.name(of: 5, script: script, program: program) == expected)
    }

    @Test func `name the server, unless its URL holds a password`() throws {
        let plain = try LessonOptions.parse(["--redis", "redis://localhost:7000/1"])
        let secret = try LessonOptions.parse(["--redis", "redis://:secret@localhost:7000"])
        let none = try LessonOptions.parse([])

        #expect(plain.typing(3, "status").hasSuffix(" status --redis redis://localhost:7000/1"))
        #expect(secret.typing(3, "status").hasSuffix(" status --redis URL"))
        #expect(none.typing(3, "watch", "a b").hasSuffix(" watch 'a b'"))
    }

    @Test(arguments: ["", "plain", "two words", "it's", "$(rm)", "a\"b", "#", "*", "{a}:b", "back\\slash", "~", "!"])
    func `a quoted word is read by a shell as it was`(word: String) async throws {
        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", "printf %s \(shellQuoted(word))"]
        shell.standardOutput = output
        try shell.run()

        let read = try output.fileHandleForReading.readToEnd() ?? Data()

        #expect(String(decoding: read, as: UTF8.self) == word)
    }
}
