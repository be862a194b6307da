import Testing

@testable import LessonKit

@Suite("Wrapping text")
struct TextWrappingTests {
    @Test func `a short line stays whole`() {
        #expect(wrap("reading removes nothing", width: 40) == ["reading removes nothing"])
    }

    @Test func `lines break at spaces and never exceed the width`() {
        let lines = wrap("a stream is a log and reading it removes nothing at all", width: 20)

        #expect(lines == ["a stream is a log", "and reading it", "removes nothing at", "all"])
    }

    @Test func `later lines hang below the first`() {
        let lines = wrap("  redis> XADD key * event started", width: 24, hanging: "      ")

        #expect(lines == ["  redis> XADD key *", "      event started"])
    }

    @Test func `a word longer than the line is cut`() {
        #expect(wrap("1718000000000-0", width: 10) == ["1718000000", "000-0"])
    }

    @Test func `columns inside a reply keep their place`() {
        #expect(wrap("   2) \"a  b\"", width: 40) == ["   2) \"a  b\""])
    }

    @Test func `an indented word that does not fit is cut, not pushed down`() {
        #expect(wrap("    abcdefghij", width: 10) == ["    abcdef", "ghij"])
    }

    @Test func `emoji and East Asian characters count two columns`() {
        #expect(displayWidth("🗼東京") == 6)
        #expect(wrap("🗼🗼🗼 🗼🗼", width: 8) == ["🗼🗼🗼", "🗼🗼"])
    }

    @Test func `a text of nothing is one empty line`() {
        #expect(wrap("", width: 10) == [""])
    }
}
