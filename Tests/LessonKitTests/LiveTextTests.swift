import Testing

@testable import LessonKit

@Suite("Text shown while it is written")
struct LiveTextTests {
    private let screen = RecordingTerminal()

    @Test func `a word appears once a space or the end follows it`() {
        var text = LiveText(Narrator(terminal: screen.terminal()), prefix: "| ", hanging: "  ")

        text.append("Sen")
        #expect(screen.lines == [""])
        text.append("so-ji and")
        #expect(screen.lines == ["| Senso-ji"])
        text.end()
        #expect(screen.lines == ["| Senso-ji and", ""])
    }

    @Test(arguments: [1, 2, 3, 7, 100])
    func `where the chunks are cut changes nothing`(size: Int) {
        var text = LiveText(Narrator(terminal: screen.terminal(width: 20)), prefix: "| ", hanging: "    ")
        let words = Array("# Rome\n\nA walk along the river, then dinner.\nThe end")

        for start in stride(from: 0, to: words.count, by: size) {
            text.append(String(words[start..<min(start + size, words.count)]))
        }
        text.end()

        #expect(
            screen.lines == ["| # Rome", "| ", "| A walk along the", "    river, then", "    dinner.", "| The end", ""])
    }

    @Test func `no line is wider than the terminal`() {
        var text = LiveText(Narrator(terminal: screen.terminal(width: 20)), prefix: "| ", hanging: "    ")

        text.append("short " + String(repeating: "x", count: 90) + " 東京東京東京東京東京 end")
        text.end()

        #expect(screen.lines.allSatisfy { displayWidth($0) <= 20 })
    }
}
