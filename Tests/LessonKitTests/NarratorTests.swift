import StreamKit
import TestSupport
import Testing

@testable import LessonKit

@Suite("Narrating")
struct NarratorTests {
    private let screen = RecordingTerminal()

    @Test func `steps are numbered, and a title begins again at one`() async throws {
        let narrator = Narrator(terminal: screen.terminal())

        narrator.title("First")
        try await narrator.step("append")
        try await narrator.step("read")
        narrator.title("Second")
        try await narrator.step("trim")

        let headings = screen.lines.filter { $0.contains("──") }.map { $0.prefix { $0 != "─" } }
        #expect(headings == ["1. append ", "2. read ", "1. trim "])
    }

    @Test func `blocks of different kinds are set apart by one empty line`() async throws {
        let narrator = Narrator(terminal: screen.terminal())

        narrator.say("one")
        narrator.show("two")
        narrator.show("three")
        narrator.say("four")

        #expect(screen.lines == ["one", "", "  two", "  three", "", "four", ""])
    }

    @Test(arguments: [20, 40, 80, 200])
    func `no line is wider than the terminal`(width: Int) async throws {
        let narrator = Narrator(terminal: screen.terminal(width: width))

        narrator.title("Lesson 1 · Redis Streams, the basics, in a title of some length")
        try await narrator.step("Wait for what comes, however long that takes")
        narrator.say("With `BLOCK` the server answers when there is something, 東京 included.")
        narrator.say(String(repeating: "x y ", count: 90))
        narrator.show(.warning, "append-only file off: a crash loses everything", hint: "CONFIG SET key yes")

        #expect(screen.lines.allSatisfy { displayWidth($0) <= width })
    }

    @Test(arguments: [("-3", 20), ("0", 20), ("", 80), ("wide", 80), ("120", 120), (nil, 80)])
    func `where there is no window COLUMNS decides, if it makes sense`(columns: String?, expected: Int) {
        #expect(Terminal.width(window: nil, columns: columns) == expected)
        #expect(Terminal.width(window: 100, columns: columns) == 100)
    }

    @Test func `a quiet narrator leaves out explanations and keeps results`() async throws {
        let narrator = Narrator(terminal: screen.terminal(), isQuiet: true)

        narrator.say("an explanation")
        narrator.show("a result")

        #expect(screen.lines == ["  a result", ""])
    }

    @Test func `what could steer a terminal is escaped, whatever wrote it`() async throws {
        let attack = "a\u{1B}]0;title\u{7}\u{9B}31m\r\u{202E}b"
        let shown = #"a\u{1B}]0;title\u{7}\u{9B}31m\u{D}\u{202E}b"#
        let narrator = Narrator(terminal: screen.terminal(width: 200))

        narrator.title(attack)
        try await narrator.step(attack)
        narrator.say(attack)
        narrator.show(attack)
        narrator.show(.bad, attack, hint: attack)

        let text = screen.lines.joined(separator: "\n")
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(screen.lines.count { $0.contains(shown) } == 6)
    }

    @Test func `colours appear only on a terminal that has them`() async throws {
        Narrator(terminal: screen.terminal()).say("with `XADD`")
        let coloured = RecordingTerminal()
        Narrator(terminal: coloured.terminal(hasColours: true)).say("with `XADD`")

        #expect(screen.lines[0] == "with `XADD`")
        #expect(coloured.lines[0] == "with \u{1B}[36mXADD\u{1B}[0m")
    }
}
