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

    @Test func `a word longer than the line stays whole, on a line of its own`() {
        #expect(wrap("1718000000000-0", width: 10) == ["1718000000000-0"])
        #expect(wrap("ID 1718000000000-0 is new", width: 10) == ["ID", "1718000000000-0", "is new"])
    }

    @Test func `JSON longer than the line breaks after its commas`() {
        #expect(wrap(#"{"a":1,"b":2,"c":[3,4],"d":5}"#, width: 14) == [#"{"a":1,"b":2,"#, #""c":[3,4],"#, #""d":5}"#])
        #expect(wrap(#"data "{\"id\":1,\"n\":2}""#, width: 15) == ["data", #""{\"id\":1,"#, #"\"n\":2}""#])
    }

    @Test func `a word that fits on the next line is not broken at its commas`() {
        #expect(wrap("one two a,b,c", width: 10) == ["one two", "a,b,c"])
    }

    @Test func `no word of a text is cut, whatever the width`() {
        let text = #"redis> XADD lesson1:agent-log * data {"event":"tool_usage","tool":"reader"} thought "The report""#
        for width in 8...100 {
            let lines = wrap(text, width: width, hanging: "  ")
            let words = lines.joined(separator: " ").replacing(/, +/, with: ",").split(separator: " ")
            #expect(words == text.split(separator: " "))
        }
    }

    @Test func `spaces that hang over the edge start no line`() {
        #expect(wrap("one two   ", width: 7) == ["one two   "])
        #expect(wrap("one    two", width: 5) == ["one", "two"])
    }

    @Test func `columns inside a reply keep their place`() {
        #expect(wrap("   2) \"a  b\"", width: 40) == ["   2) \"a  b\""])
    }

    @Test func `an indented word that does not fit stays where it is`() {
        #expect(wrap("    abcdefghij", width: 10) == ["    abcdefghij"])
    }

    @Test func `emoji and East Asian characters count two columns`() {
        #expect(displayWidth("🗼東京") == 6)
        #expect(displayWidth("𠮷\u{2B740}\u{30000}\u{3134A}") == 8)
        #expect(wrap("🗼🗼🗼 🗼🗼", width: 8) == ["🗼🗼🗼", "🗼🗼"])
    }

    @Test func `a text of nothing is one empty line`() {
        #expect(wrap("", width: 10) == [""])
    }
}
